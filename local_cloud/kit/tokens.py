"""What other emulated services need of identity."""

from typing import Protocol


class Tokens(Protocol):
    """Issues and reads tokens of service accounts."""

    def access_token(self, email: str) -> str:
        """Issue an OAuth2 access token."""

    def id_token(self, email: str, audience: str) -> str:
        """Issue an OIDC ID token (a signed JWT)."""

    def caller(self, authorization: str | None) -> str | None:
        """Return the e-mail behind an `Authorization: Bearer <access token>` value.

        None for no header: the developer. Raises Refused(UNAUTHENTICATED) for a token that was
        never issued or has expired.
        """

    def invoker(self, authorization: str | None, audiences: tuple[str, ...]) -> str | None:
        """Return the e-mail behind an ID token for one of `audiences`; None for no header.

        Raises Refused(UNAUTHENTICATED) for anything else.
        """
