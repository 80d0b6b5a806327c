"""Signs and reads the claims of an ID token: as Google does, or cheaply for the simulation.

Both give a JWT of three parts, so that whoever only decodes the payload (google-auth does)
sees no difference. Neither judges time, audience or issuer: that is the tokens' part.
"""

import base64
import hashlib
import hmac
import json
from typing import Any, Protocol

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

Claims = dict[str, Any]


class Signer(Protocol):
    """Makes and checks the signature of a token."""

    def sign(self, claims: Claims) -> str:
        """Return the claims as a signed JWT."""

    def read(self, token: str) -> Claims | None:
        """Return the claims of a token that this signer signed, None for any other text."""


class RsaSigner:
    """RS256, as Google signs. Making a key takes about 0.1 s, a signature about 1 ms."""

    def __init__(self, key: rsa.RSAPrivateKey | None = None) -> None:
        self._key = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._public = self._key.public_key()

    @classmethod
    def from_pem(cls, text: str) -> "RsaSigner":
        """Return a signer with the key of another one, see `pem`."""
        key = serialization.load_pem_private_key(text.encode(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return cls(key)

    def pem(self) -> str:
        """Return the private key, for another process of the same local cloud."""
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    def sign(self, claims: Claims) -> str:
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": "local-cloud"})

    def read(self, token: str) -> Claims | None:
        try:
            claims: Claims = jwt.decode(
                token,
                self._public,
                algorithms=["RS256"],
                options={"verify_exp": False, "verify_aud": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            return None
        return claims


class HmacSigner:
    """A deterministic signature with a shared secret: microseconds, for virtual time."""

    _HEADER = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=")

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, claims: Claims) -> str:
        payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
        text = self._HEADER + b"." + payload
        return (text + b"." + self._signature(text)).decode()

    def read(self, token: str) -> Claims | None:
        text, _, signature = token.encode().rpartition(b".")
        if not hmac.compare_digest(signature, self._signature(text)):
            return None
        payload = text.partition(b".")[2]
        claims: Claims = json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
        return claims

    def _signature(self, text: bytes) -> bytes:
        digest = hmac.digest(self._secret, text, hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=")
