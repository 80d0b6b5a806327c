"""Who may read the details: tokens with real signatures. In real time: PyJWT reads the clock."""

import asyncio
import base64
import hashlib
import hmac
import json
import threading
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from health_service.health.callers import ByIdentity, Nobody, Public
from health_service.health.tokens import SIGNATURE_REMOVED

AUDIENCE = "https://fleet.example.com"
ANNA = "anna@example.com"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ABSENT = object()


def jwk(key, kid):
    made = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return {**made, "kid": kid, "use": "sig", "alg": "RS256"}


def read_keys():
    return {"keys": [jwk(KEY, "one")]}


def claims(**changed):
    now = int(time.time())
    usual = {
        "iss": "https://accounts.google.com",
        "aud": AUDIENCE,
        "sub": "1234",
        "email": ANNA,
        "email_verified": True,
        "iat": now - 60,
        "exp": now + 3600,
    }
    return {name: it for name, it in {**usual, **changed}.items() if it is not ABSENT}


def signed(key=KEY, kid="one", algorithm="RS256", headers=None, **changed):
    header = {**({"kid": kid} if kid else {}), **(headers or {})}
    return jwt.encode(claims(**changed), key, algorithm=algorithm, headers=header)


def part(document):
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def stripped(signature=SIGNATURE_REMOVED, **changed):
    return ".".join([*signed(**changed).split(".")[:2], signature])


def bearer(token, name=b"authorization"):
    return (name, b"Bearer " + token.encode())


def by_service(**settings):
    return ByIdentity(
        **{"emails": [ANNA], "audience": AUDIENCE, "read_keys": read_keys, **settings}
    )


def by_platform():
    return ByIdentity([ANNA], checked_by="platform", read_keys=read_keys)


def ask(callers, *headers):
    """Return the status (200: may) and the words of a refusal."""

    async def main():
        refusal = await callers.refusal(headers)
        if refusal is None:
            return 200, ""
        sent = []

        async def send(message):
            sent.append(message)

        await refusal.send(send)
        return refusal.status, json.loads(sent[1]["body"])["error"]

    return asyncio.run(main())


def test_everybody_and_nobody():
    assert ask(Public()) == (200, "")
    assert ask(Nobody(), bearer(signed())) == (403, "nobody may read this here")


def test_one_who_is_named_may_and_another_may_not():
    assert ask(by_service(), bearer(signed())) == (200, "")
    assert ask(by_service(), bearer(signed(email="bob@example.com"))) == (
        403,
        "this identity may not read this",
    )


def test_the_case_of_an_address_does_not_matter():
    callers = by_service(emails=["Anna@Example.com"])

    assert ask(callers, bearer(signed(email="ANNA@example.com")))[0] == 200


@pytest.mark.parametrize("issuer", ["accounts.google.com", "https://accounts.google.com"])
def test_google_writes_its_name_in_two_ways(issuer):
    assert ask(by_service(), bearer(signed(iss=issuer)))[0] == 200


def hmac_confused():
    """A token whose HMAC key is the public key, which everybody has."""
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(claims())}"
    digest = hmac.new(public, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def with_payload_of_another():
    header, _, signature = signed().split(".")
    return f"{header}.{part(claims(email=ANNA, sub='9'))}.{signature}"


NOW = int(time.time())
WRONG = {
    "another audience": (signed(aud="https://other.example.com"), "for another audience"),
    "no audience": (signed(aud=ABSENT), "not valid"),
    "one of several audiences": (signed(aud=[AUDIENCE, "x"]), "for another audience"),
    "another issuer": (signed(iss="https://evil.example.com"), "of another issuer"),
    "no issuer": (signed(iss=ABSENT), "not valid"),
    "expired": (signed(exp=NOW - 60), "has expired"),
    "never expires": (signed(exp=ABSENT), "not valid"),
    "of tomorrow": (signed(iat=NOW + 86_400), "not valid"),
    "not yet": (signed(nbf=NOW + 86_400), "not valid"),
    "unverified e-mail": (signed(email_verified=False), "names no verified e-mail"),
    "e-mail verified in words": (signed(email_verified="true"), "names no verified e-mail"),
    "e-mail verified by nobody": (signed(email_verified=ABSENT), "names no verified e-mail"),
    "no e-mail": (signed(email=ABSENT), "names no verified e-mail"),
    "e-mail of another kind": (signed(email=[ANNA]), "names no verified e-mail"),
    "another's key": (signed(key=OTHER), "not valid"),
    "another's key and name": (signed(key=OTHER, kid="two"), "not one of Google's"),
    "key of the token's own": (
        signed(key=OTHER, headers={"jwk": jwk(OTHER, "one")}),
        "not valid",
    ),
    "no key's name": (signed(kid=""), "not signed as Google signs"),
    "alg none": (
        f"{part({'alg': 'none', 'kid': 'one'})}.{part(claims())}.",
        "not signed as Google signs",
    ),
    "HS256": (hmac_confused(), "not signed as Google signs"),
    "RS512": (signed(algorithm="RS512"), "not signed as Google signs"),
    "no signature": (stripped(signature=""), "not valid"),
    "signature taken off": (stripped(), "took the token's signature off"),
    "another payload": (with_payload_of_another(), "not valid"),
    "no token": ("abc", "is no ID token"),
    "no JSON": ("YQ.YQ.YQ", "is no ID token"),
    "JSON of another kind": (f"{part([1])}.{part([2])}.YQ", "is no ID token"),
    "four parts": (signed() + ".YQ", "is no ID token"),
    "two tokens": (f"{signed()},Bearer {signed()}", "is no ID token"),
    "too long": (signed(extra="x" * 10_000), "is no ID token"),
    "empty": ("", "is no ID token"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_token_that_proves_nothing_is_refused_with_the_reason(case):
    token, why = WRONG[case]

    status, said = ask(by_service(), bearer(token))

    assert status == 401
    assert why in said


@pytest.mark.parametrize("case", WRONG)
def test_no_refusal_repeats_the_token_or_tells_who_may(case):
    token, _ = WRONG[case]

    _, said = ask(by_service(), bearer(token))

    assert ANNA not in said
    assert AUDIENCE not in said
    assert not token or token not in said


def test_without_a_token_it_says_how_to_send_one():
    assert ask(by_service()) == (
        401,
        "no identity: send an ID token as `Authorization: Bearer TOKEN`",
    )


@pytest.mark.parametrize(
    "value", [b"Basic YTpi", b"", b"bearer", b"Token \xff\xfe", b"Bearer \xc3\xa9.a.b"]
)
def test_another_header_than_a_token_is_refused(value):
    assert ask(by_service(), (b"authorization", value))[0] == 401


def test_a_token_under_another_scheme_is_refused():
    assert ask(by_service(), (b"authorization", b"Basic " + signed().encode()))[0] == 401


def test_the_scheme_is_written_in_any_case():
    assert ask(by_service(), (b"authorization", b"bearer " + signed().encode()))[0] == 200


SERVERLESS = b"x-serverless-authorization"


@pytest.mark.parametrize("make", [(by_service, signed), (by_platform, stripped)])
def test_the_header_that_the_platform_reads_first_is_the_only_one_that_counts(make):
    """Beside it, Authorization holds whatever the caller wrote: Cloud Run did not look."""
    callers, token = make[0](), make[1]
    anna, bob = token(), token(email="bob@example.com")

    assert ask(callers, bearer(anna, SERVERLESS), bearer(bob))[0] == 200
    assert ask(callers, bearer(anna), bearer(bob, SERVERLESS))[0] == 403
    assert ask(callers, bearer(anna), (SERVERLESS, b""))[0] == 401
    assert ask(callers, bearer(anna), (SERVERLESS, b"Basic YTpi"))[0] == 401


@pytest.mark.parametrize("make", [(by_service, signed), (by_platform, stripped)])
@pytest.mark.parametrize("name", [b"authorization", SERVERLESS])
def test_a_header_that_stands_there_twice_is_refused(make, name):
    """Nobody can say which of the two was checked."""
    callers, token = make[0](), make[1]()

    status, said = ask(callers, bearer(token, name), bearer(token, name))

    assert (status, said) == (401, f"{name.decode()} stands there twice")


@pytest.mark.parametrize("name", [b"x_serverless_authorization", b"http_authorization"])
def test_a_twin_with_underscores_is_another_header(name):
    """Where they are folded into one, a caller gets a word past the platform."""
    bob = stripped(email="bob@example.com")

    assert ask(by_platform(), bearer(stripped(), name))[0] == 401
    assert ask(by_platform(), bearer(stripped(), name), bearer(bob))[0] == 403


def test_on_a_private_service_the_platforms_word_is_taken():
    assert ask(by_platform(), bearer(stripped())) == (200, "")
    assert ask(by_platform(), bearer(stripped(email="bob@example.com")))[0] == 403
    assert ask(by_platform(), bearer(stripped(email_verified=False)))[0] == 401
    assert ask(by_platform())[0] == 401


def test_a_token_that_the_platform_did_not_check_is_not_believed():
    """Its signature is still there: then Cloud Run demands no token of anybody."""
    status, said = ask(by_platform(), bearer(signed()))

    assert (status, said) == (401, "the platform did not check the token")


def test_the_platforms_checks_need_no_keys():
    def fails():
        raise AssertionError("read")

    callers = ByIdentity([ANNA], checked_by="platform", read_keys=fails)

    assert ask(callers, bearer(stripped()))[0] == 200


def test_unreachable_keys_are_503_with_a_plain_sentence():
    def fails():
        raise ConnectionError("https://user:hunter2@proxy-7.internal refused")

    assert ask(by_service(read_keys=fails), bearer(signed())) == (
        503,
        "the token was not checked: Google's keys cannot be read",
    )


@pytest.mark.parametrize(
    "document",
    [{}, {"keys": []}, {"keys": [{"kty": "EC", "kid": "one"}]}, [], None, {"keys": [{"kty": 1}]}],
)
def test_keys_of_another_shape_are_as_good_as_none(document):
    assert ask(by_service(read_keys=lambda: document), bearer(signed()))[0] == 503


def test_a_key_that_cannot_be_read_is_as_good_as_none():
    spoilt = {"keys": [{**jwk(KEY, "one"), "n": "%%%"}]}

    assert ask(by_service(read_keys=lambda: spoilt), bearer(signed()))[0] == 503


def test_many_who_ask_at_once_read_the_keys_once():
    reads = []

    def counted():
        reads.append(threading.get_ident())
        return read_keys()

    async def main():
        callers, token = by_service(read_keys=counted), signed()
        return await asyncio.gather(*(callers.refusal([bearer(token)]) for _ in range(20)))

    assert asyncio.run(main()) == [None] * 20
    assert len(reads) == 1
    assert threading.get_ident() not in reads
