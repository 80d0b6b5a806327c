import base64
import datetime as dt
import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.auth import exceptions as auth_errors
from google.auth import jwt
from google.auth.crypt import EsSigner
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from gcp.caller import IAP_ISSUER, caller_of, verified_by_iap
from rollouts.errors import BadInput, BarqError, Transient

AUDIENCE = "/projects/123456789/locations/europe-west1/services/barq-approve"
X = "X-Serverless-Authorization"
IAP = "X-Goog-IAP-JWT-Assertion"


def part(document):
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def bearer(email, **claims):
    """A token as Cloud Run hands it on: its signature is taken off."""
    header = {"alg": "RS256", "typ": "JWT"}
    return f"Bearer {part(header)}.{part({'email': email, **claims})}.SIGNATURE_REMOVED_BY_GOOGLE"


def caller(given, *more, **named):
    return caller_of(Headers(given), *more, **named)


def says(email):
    """Verifies as IAP's keys would, for one assertion."""

    def verify(assertion, audience):
        if (assertion, audience) != ("signed", AUDIENCE):
            raise ValueError(assertion)
        return {"email": email}

    return verify


def test_the_caller_is_the_tokens_email():
    assert caller({"Authorization": bearer("ann@example.com")}) == "ann@example.com"


def test_the_header_that_cloud_run_checks_first_goes_first():
    headers = {"Authorization": bearer("boss@example.com"), X.lower(): bearer("ann@example.com")}

    assert caller(headers) == "ann@example.com"


@pytest.mark.parametrize("unread", ["", "Bearer", "Bearer nonsense", "Bearer a.b.c", bearer("")])
def test_what_cloud_run_hands_on_unread_is_no_identity(unread):
    with pytest.raises(BadInput, match="carries no identity: nothing was decided"):
        caller({"Authorization": bearer("boss@example.com"), X: unread})


@pytest.mark.parametrize("given", ["", "Bearer", "Basic YTpi", "Bearer x", bearer(None), bearer(7)])
def test_a_request_without_an_identity_is_refused(given):
    with pytest.raises(BadInput, match="carries no identity"):
        caller({"Authorization": given})


VALUES = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=60)
SHAPED = st.builds("Bearer {}.{}.{}".format, VALUES, VALUES | st.just(part([1])), VALUES)


@given(VALUES | SHAPED, st.none() | VALUES | SHAPED)
def test_whatever_the_headers_hold_only_our_own_errors_escape(plain, first):
    headers = {"Authorization": plain} | ({} if first is None else {X: first})
    try:
        found = caller(headers)
    except BarqError:
        return
    assert found


def test_without_the_setting_iaps_header_is_anyones_to_write():
    headers = {"Authorization": bearer("ann@example.com"), IAP: "signed"}

    assert caller(headers, verify=says("boss@example.com")) == "ann@example.com"


def test_behind_iap_the_caller_is_the_assertions():
    headers = {"Authorization": bearer("iap@example.com"), IAP: "signed"}

    assert caller(headers, AUDIENCE, says("ann@example.com")) == "ann@example.com"


@pytest.mark.parametrize(
    ("headers", "why"),
    [({}, "did not come through IAP"), ({IAP: "forged"}, "IAP assertion is not valid")],
)
def test_behind_iap_no_other_identity_counts(headers, why):
    with pytest.raises(BadInput, match=f"{why}: nothing was decided"):
        caller(
            {"Authorization": bearer("ann@example.com"), **headers},
            AUDIENCE,
            says("ann@example.com"),
        )


def test_keys_that_are_not_read_are_read_at_the_next_attempt():
    def verify(assertion, audience):
        raise auth_errors.TransportError("no connection")

    with pytest.raises(Transient, match="nothing was decided: IAP's keys were not read"):
        caller({IAP: "signed"}, AUDIENCE, verify)


class Keys:
    """IAP's keys page with one key of ours, in place of the client library's transport."""

    def __init__(self):
        self.private = ec.generate_private_key(ec.SECP256R1())
        public = self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.status, self.headers = 200, {}
        self.data = json.dumps({"k1": public.decode()}).encode()
        self.asked = []

    def __call__(self, url, method="GET", **_):
        self.asked.append(url)
        return self

    def assertion(self, **changes):
        now = int(dt.datetime.now(dt.UTC).timestamp())
        claims: dict[str, object] = {"iss": IAP_ISSUER, "aud": AUDIENCE, "email": "ann@example.com"}
        claims |= {"iat": now - 5, "exp": now + 500, **changes}
        signer = EsSigner(self.private, key_id="k1")
        return jwt.encode(signer, claims).decode()

    def caller(self, assertion):
        def verify(given, audience):
            return verified_by_iap(given, audience, self)

        return caller({IAP: assertion}, AUDIENCE, verify)


def test_an_assertion_that_iap_signed_for_this_service_is_verified():
    keys = Keys()

    assert keys.caller(keys.assertion()) == "ann@example.com"
    assert keys.asked == ["https://www.gstatic.com/iap/verify/public_key"]


@pytest.mark.parametrize(
    "changes", [{"aud": "/projects/1/global/backendServices/2"}, {"iss": "me"}, {"exp": 1}]
)
def test_an_assertion_for_another_service_of_another_issuer_or_of_before_is_refused(changes):
    keys = Keys()

    with pytest.raises(BadInput, match="not valid"):
        keys.caller(keys.assertion(**changes))


def test_an_assertion_that_another_key_signed_is_refused():
    with pytest.raises(BadInput, match="not valid"):
        Keys().caller(Keys().assertion())
