"""Google's identity tokens: what is said in one, and whether it is true.

Source: https://cloud.google.com/docs/authentication/token-types#id
"""

import asyncio
import base64
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from health_service.health.keys import Keys, Unreachable

Claims = Mapping[str, Any]
SIGNATURE_REMOVED: Final = "SIGNATURE_REMOVED_BY_GOOGLE"
"""Source: https://cloud.google.com/run/docs/troubleshooting#signature-removed"""
# Both are written. Source: https://developers.google.com/identity/openid-connect/openid-connect
ISSUERS: Final = ("https://accounts.google.com", "accounts.google.com")
_ALGORITHM: Final = "RS256"
_LENGTH_MAX: Final = 8192
_CLOCK_SKEW_SECONDS: Final = 10
_VERIFY_SECONDS: Final = 2.0
_SHAPE: Final = re.compile(r"[\w-]+\.[\w-]+\.[\w-]*", re.ASCII)


class BadToken(Exception):
    """The token proves nothing; the message says why, in words for its sender."""


def unverified(token: str) -> tuple[Claims, Claims, str]:
    """Return header, claims and signature of a token as they stand there. Raises BadToken."""
    if len(token) > _LENGTH_MAX or not _SHAPE.fullmatch(token):
        raise BadToken("the token is no ID token")
    header, claims, signature = token.split(".")
    return _part(header), _part(claims), signature


def _part(text: str) -> Claims:
    try:
        part = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        part = None
    if not isinstance(part, dict):
        raise BadToken("the token is no ID token")
    return part


def claims_checked_by_platform(token: str) -> Claims:
    """Return the claims of a token that Cloud Run let through to a private service.

    Cloud Run checks the token and takes its signature off. One that still has its signature was
    not checked, so nothing is believed. Sound only where Cloud Run demands a token of everybody:
    on a service that is public, anyone can write these words himself. Raises BadToken.
    """
    _, claims, signature = unverified(token)
    if signature != SIGNATURE_REMOVED:
        raise BadToken("the platform did not check the token")
    return claims


async def verified_claims(token: str, audience: str, keys: Keys) -> Claims:
    """Return the claims of a token that Google signed for `audience` and that has not expired.

    Raises BadToken, or Unreachable if the keys cannot be had. Takes seconds at most.
    """
    header, _, signature = unverified(token)
    if signature == SIGNATURE_REMOVED:
        raise BadToken("the platform took the token's signature off, so it cannot be checked here")
    # Named here and nowhere taken from the token: else a token could choose how it is checked.
    if header.get("alg") != _ALGORITHM or not isinstance(header.get("kid"), str):
        raise BadToken("the token is not signed as Google signs")
    key = await keys.find(header["kid"])
    if key is None:
        raise BadToken("the token's key is not one of Google's")
    try:
        async with asyncio.timeout(_VERIFY_SECONDS):
            # The first import of the cryptography takes a tenth of a second or more.
            return await asyncio.to_thread(_verify, token, key, audience)
    except TimeoutError as error:
        raise Unreachable from error


def _verify(token: str, key: Mapping[str, Any], audience: str) -> Claims:
    import jwt  # noqa: PLC0415 - only an instance that is asked for details needs it.

    try:
        public_key = jwt.PyJWK(dict(key), _ALGORITHM)
    except Exception as error:
        raise Unreachable from error
    try:
        claims: Claims = jwt.decode(
            token,
            public_key,
            algorithms=[_ALGORITHM],
            audience=audience,
            issuer=ISSUERS,
            leeway=_CLOCK_SKEW_SECONDS,
            options={"require": ["exp"], "strict_aud": True},
        )
    except jwt.ExpiredSignatureError as error:
        raise BadToken("the token has expired") from error
    except jwt.InvalidAudienceError as error:
        raise BadToken("the token is for another audience") from error
    except jwt.InvalidIssuerError as error:
        raise BadToken("the token is of another issuer") from error
    except jwt.PyJWTError as error:
        raise BadToken("the token is not valid") from error
    return claims
