"""Issues and reads access tokens and ID tokens, with Google's lifetimes and refusals.

Not an OAuth server: a token is had by asking for it in process, or from the metadata server
of the account. Scopes are not kept, because nothing in the local cloud is limited by them.
"""

import base64
import datetime as dt
import functools
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from local_cloud.identity.signers import Claims, HmacSigner, Signer
from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import Scheduler

ISSUER = "https://accounts.google.com"
LIFETIME = dt.timedelta(seconds=3600)
FRESH_AT_LEAST = dt.timedelta(seconds=300)
"""A token is handed out again until this much of its life is left, as the metadata server does.

google-auth asks anew when 225 s are left, so it always gets a younger one.
"""

# Source: https://github.com/GoogleCloudPlatform/cloud-logging-data-source-plugin/issues/126
INVALID_CREDENTIALS = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie"
    " or other valid authentication credential. See"
    " https://developers.google.com/identity/sign-in/web/devconsole-project."
)
# The client id of gcloud, which is `azp` in what `gcloud auth print-identity-token` prints.
_GCLOUD_CLIENT_ID = "32555940559.apps.googleusercontent.com"


@dataclass(frozen=True, slots=True)
class Issued:
    """A token and the instant from which it is refused."""

    token: str
    email: str
    expires: dt.datetime


class LocalTokens:
    """The tokens of all accounts of one local cloud. Implements `kit.tokens.Tokens`."""

    def __init__(self, scheduler: Scheduler, secret: bytes, signer: Signer) -> None:
        self._scheduler = scheduler
        self._secret = secret
        self._signer = signer
        self._count = 0
        self._by_account: dict[str, Issued] = {}
        self._by_token: dict[str, Issued] = {}
        self._id_tokens: dict[tuple[str, str, str], Issued] = {}
        self.on_issued: list[Callable[[Issued], None]] = []
        """Told of each new access token: what other processes of this cloud must know."""

    def access_token(self, email: str) -> str:
        return self.issue(email).token

    def issue(self, email: str) -> Issued:
        """Return an access token of the account that lives for at least 300 s more."""
        known = self._by_account.get(email)
        now = self._scheduler.now()
        if known is not None and known.expires - now >= FRESH_AT_LEAST:
            return known
        self._forget_expired(now)
        self._count += 1
        digest = hmac.digest(self._secret, f"{self._count} {email}".encode(), hashlib.sha256)
        token = "ya29.c." + base64.urlsafe_b64encode(digest).decode().rstrip("=")
        issued = Issued(token, email, now + LIFETIME)
        self._by_account[email] = self._by_token[token] = issued
        for tell in self.on_issued:
            tell(issued)
        return issued

    def known(self) -> list[Issued]:
        """Return every access token that is not forgotten yet."""
        return list(self._by_token.values())

    def learn(self, issued: Issued) -> None:
        """Know an access token that another process of this cloud has issued."""
        self._forget_expired(self._scheduler.now())
        self._by_token[issued.token] = issued

    def seconds_left(self, issued: Issued) -> int:
        """Return the whole seconds that a token still lives, as `expires_in` tells them."""
        return int((issued.expires - self._scheduler.now()).total_seconds())

    def id_token(self, email: str, audience: str) -> str:
        return self._id_token(email, audience, azp=account_number(email))

    def developer_id_token(self, email: str, audience: str) -> str:
        """Issue an ID token of a person, as `gcloud auth print-identity-token` prints one."""
        return self._id_token(email, audience, azp=_GCLOUD_CLIENT_ID)

    def caller(self, authorization: str | None) -> str | None:
        if authorization is None:
            return None
        issued = self._by_token.get(_bearer(authorization) or "")
        if issued is None:
            raise self._refused("ACCESS_TOKEN_TYPE_UNSUPPORTED")
        if issued.expires <= self._scheduler.now():
            raise self._refused("ACCESS_TOKEN_EXPIRED")
        return issued.email

    def invoker(self, authorization: str | None, audiences: tuple[str, ...]) -> str | None:
        if authorization is None:
            return None
        claims = self._signer.read(_bearer(authorization) or "")
        if claims is None or claims["iss"] != ISSUER:
            raise Refused("UNAUTHENTICATED", "The access token could not be verified")
        if claims["exp"] <= self._scheduler.now().timestamp():
            raise Refused("UNAUTHENTICATED", "The access token has expired")
        if claims["aud"] not in audiences:
            raise Refused("UNAUTHENTICATED", "The access token has the wrong audience")
        email: str = claims["email"]
        return email

    def _id_token(self, email: str, audience: str, azp: str) -> str:
        known = self._id_tokens.get((email, audience, azp))
        now = self._scheduler.now()
        if known is not None and known.expires - now >= FRESH_AT_LEAST:
            return known.token
        claims: Claims = {
            "aud": audience,
            "azp": azp,
            "email": email,
            "email_verified": True,
            "exp": int((now + LIFETIME).timestamp()),
            "iat": int(now.timestamp()),
            "iss": ISSUER,
            "sub": account_number(email),
        }
        issued = Issued(self._signer.sign(claims), email, now + LIFETIME)
        self._id_tokens[email, audience, azp] = issued
        return issued.token

    def _forget_expired(self, now: dt.datetime) -> None:
        """Drop tokens a whole lifetime after their end; until then the reason can be told."""
        for token, issued in list(self._by_token.items()):
            if issued.expires + LIFETIME < now:
                del self._by_token[token]

    @staticmethod
    def _refused(reason: str) -> Refused:
        info = {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason,
            "domain": "googleapis.com",
        }
        return Refused("UNAUTHENTICATED", INVALID_CREDENTIALS, details=[info])


def simple_tokens(scheduler: Scheduler, secret: bytes = b"simulation") -> LocalTokens:
    """Return tokens without RSA, equal from run to run: for virtual time and tests."""
    return LocalTokens(scheduler, secret, HmacSigner(secret))


@functools.lru_cache(maxsize=256)
def account_number(email: str) -> str:
    """Return the account's unique id: 21 digits, always the same for an e-mail."""
    number = int.from_bytes(hashlib.sha256(email.encode()).digest()[:8], "big")
    return f"1{number % 10**20:020d}"


def _bearer(authorization: str) -> str | None:
    """Return the token of a `Bearer` header; the scheme's case does not matter."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
