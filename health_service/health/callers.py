"""Who may read `/detailed`: everybody, nobody, or the identities that were named.

An identity is an ID token of Google's in `X-Serverless-Authorization` or else in `Authorization`.
Cloud Run looks at the first if it is there and then hands the second on unread, so only the one
that counts is looked at, whatever the other says.

Source: https://cloud.google.com/run/docs/authenticating/service-to-service
"""

from collections.abc import Iterable
from typing import Final, Literal, Protocol, TypeAlias

from health_service.health.answers import Answer, Headers, error
from health_service.health.keys import AGAIN_SECONDS, Keys, ReadKeys, Unreachable, keys_at
from health_service.health.tokens import (
    BadToken,
    Claims,
    claims_checked_by_platform,
    verified_claims,
)

CheckedBy: TypeAlias = Literal["service", "platform"]
_HEADERS: Final = (b"x-serverless-authorization", b"authorization")


class Callers(Protocol):
    """Decides for one request."""

    async def refusal(self, headers: Headers) -> Answer | None:
        """Return the answer to one who may not, None for one who may. Never raises."""


class Public:
    """Everybody may: for a service that only its own people reach."""

    async def refusal(self, headers: Headers) -> Answer | None:  # noqa: ARG002 - as all have it.
        return None


class Nobody:
    """Nobody may."""

    async def refusal(self, headers: Headers) -> Answer | None:  # noqa: ARG002 - as all have it.
        return error(403, "nobody may read this here")


class ByIdentity:
    """Those whose e-mail is named, in whatever case.

    `checked_by` says who checks the token. "service": this package, by Google's signature, issuer,
    `audience` and expiry, with keys from `read_keys`. "platform": Cloud Run has done so and taken
    the signature off; only for a service to which it lets nobody in without a token.
    """

    def __init__(
        self,
        emails: Iterable[str],
        audience: str = "",
        read_keys: ReadKeys | None = None,
        *,
        checked_by: CheckedBy = "service",
    ) -> None:
        assert checked_by == "platform" or audience, "a token for anybody would be let in"
        self._emails = frozenset(email.casefold() for email in emails)
        self._audience = audience
        self._by_platform = checked_by == "platform"
        self._keys = Keys(read_keys or keys_at())

    async def refusal(self, headers: Headers) -> Answer | None:
        try:
            claims = await self._claims(_token(headers))
            email = _email(claims)
        except BadToken as why:
            return error(401, str(why), [(b"www-authenticate", b"Bearer")])
        except Unreachable:
            retry = [(b"retry-after", str(AGAIN_SECONDS).encode())]
            return error(503, "the token was not checked: Google's keys cannot be read", retry)
        if email.casefold() not in self._emails:
            return error(403, "this identity may not read this")
        return None

    async def _claims(self, token: str) -> Claims:
        if self._by_platform:
            return claims_checked_by_platform(token)
        return await verified_claims(token, self._audience, self._keys)


def _token(headers: Headers) -> str:
    """Return the token of the one header that counts. Raises BadToken."""
    given = list(headers)
    for wanted in _HEADERS:
        values = [value for name, value in given if name.lower() == wanted]
        if len(values) > 1:
            raise BadToken(f"{wanted.decode()} stands there twice")  # Which one was checked?
        if values:
            scheme, _, token = values[0].decode("latin-1").strip().partition(" ")
            if scheme.lower() != "bearer":
                raise BadToken(f"{wanted.decode()} is no bearer token")
            return token.strip()
    raise BadToken("no identity: send an ID token as `Authorization: Bearer TOKEN`")


def _email(claims: Claims) -> str:
    email = claims.get("email")
    # A person's address is theirs only once Google has seen that they read its mail.
    if not isinstance(email, str) or claims.get("email_verified") is not True:
        raise BadToken("the token names no verified e-mail")
    return email
