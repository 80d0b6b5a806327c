"""Who calls: the identity that the platform verified before our code ran."""

from google.auth import jwt

from rollouts.errors import BadInput


def caller_of(authorization: str) -> str:
    """Return the caller's e-mail from the `Authorization` that Cloud Run's IAM check accepted.

    Cloud Run verifies the token and takes its signature off, so only the claims are read here.
    This is sound only on a service that is not public. Raises BadInput without an identity.
    Source: https://cloud.google.com/run/docs/authenticating/service-to-service
    """
    token = authorization.removeprefix("Bearer ").strip()
    try:
        claims = jwt.decode(token, verify=False) if token else {}  # type: ignore[no-untyped-call]
    except ValueError:
        claims = {}
    email = claims.get("email")
    if not isinstance(email, str) or not email:
        raise BadInput(
            "the request carries no identity: nothing was decided.",
            hint='add -H "Authorization: Bearer $(gcloud auth print-identity-token)"',
        )
    return email
