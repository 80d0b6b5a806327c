"""Who calls: the identity that the platform verified before our code ran. Not: who may.

Sound only behind a front that verifies: Cloud Run's IAM check, or IAP. Underscored twins of these
headers never get here: gunicorn and werkzeug drop them.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.auth import exceptions as auth_errors
from google.auth import jwt
from google.auth.transport.requests import Request
from google.oauth2 import id_token
from werkzeug.datastructures import Headers

from gcp.http_errors import transport_error
from rollouts.errors import BadInput

Claims = Mapping[str, Any]
Verify = Callable[[str, str], Claims]
"""From an IAP assertion and the audience that it must be for to its claims. Raises ValueError for
one that is not IAP's, and google.auth's TransportError if IAP's keys were not read."""
IAP_KEYS: Final = "https://www.gstatic.com/iap/verify/public_key"
IAP_ISSUER: Final = "https://cloud.google.com/iap"
_ABSENT: Final = "the request carries no identity: nothing was decided."


def verified_by_iap(assertion: str, audience: str, request: Any = None) -> Claims:
    """Return the claims of an assertion that IAP signed for `audience`.

    `request` is google.auth's transport that reads IAP's keys.
    Source: https://cloud.google.com/iap/docs/signed-headers-howto
    """
    claims: Claims = id_token.verify_token(
        assertion, request or Request(), audience=audience, certs_url=IAP_KEYS
    )
    if claims.get("iss") != IAP_ISSUER:
        raise ValueError("another issuer")
    return claims


def caller_of(headers: Headers, iap_audience: str = "", verify: Verify = verified_by_iap) -> str:
    """Return the caller's e-mail.

    With `iap_audience` everyone comes through IAP, and only its signed assertion counts. Without,
    that header is anyone's to write and is not looked at. Raises BadInput without an identity,
    Transient if IAP's keys were not read.
    """
    claims = _iap(headers, iap_audience, verify) if iap_audience else _iam(headers)
    email = claims.get("email")
    if not isinstance(email, str) or not email:
        hint = 'add -H "Authorization: Bearer $(gcloud auth print-identity-token)"'
        raise BadInput(_ABSENT, hint="" if iap_audience else hint)
    return email


def _iam(headers: Headers) -> Claims:
    """Read the token that Cloud Run verified; it took the signature off.

    It looks at X-Serverless-Authorization first and then hands Authorization on unread, so what
    stands there beside the other is whatever the caller wrote.
    Source: https://cloud.google.com/run/docs/authenticating/service-to-service
    """
    given = headers.get("X-Serverless-Authorization")
    if given is None:
        given = headers.get("Authorization", "")
    scheme, _, token = given.strip().partition(" ")
    if scheme.lower() != "bearer":
        return {}
    try:
        claims: Claims = jwt.decode(token.strip(), verify=False)  # type: ignore[no-untyped-call]
    except ValueError:
        return {}
    return claims


def _iap(headers: Headers, audience: str, verify: Verify) -> Claims:
    assertion = headers.get("X-Goog-IAP-JWT-Assertion", "")
    if not assertion:
        raise BadInput("the request did not come through IAP: nothing was decided.")
    try:
        return verify(assertion, audience)
    except auth_errors.TransportError as error:
        raise transport_error(error, "nothing was decided: IAP's keys were not read") from error
    except ValueError as error:
        raise BadInput("the request's IAP assertion is not valid: nothing was decided.") from error
