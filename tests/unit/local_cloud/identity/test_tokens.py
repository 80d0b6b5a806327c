"""Tokens: one behaviour, whichever signer stands behind them."""

import datetime as dt

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from local_cloud.identity.signers import HmacSigner, RsaSigner, Signer
from local_cloud.identity.tokens import LocalTokens, account_number, simple_tokens
from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import VirtualScheduler

START = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
DEPLOY = "deploy@p.iam.gserviceaccount.com"
FLEET = "https://fleet-abc.a.run.app"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def scheduler() -> VirtualScheduler:
    return VirtualScheduler(START)


@pytest.fixture(params=[RsaSigner(KEY), HmacSigner(b"secret")], ids=["rsa", "hmac"])
def signer(request) -> Signer:
    chosen: Signer = request.param
    return chosen


@pytest.fixture
def tokens(scheduler, signer) -> LocalTokens:
    return LocalTokens(scheduler, b"secret", signer)


def test_an_access_token_names_its_account(tokens):
    assert tokens.caller(f"Bearer {tokens.access_token(DEPLOY)}") == DEPLOY


def test_the_word_bearer_is_read_in_any_case(tokens):
    assert tokens.caller(f"bearer {tokens.access_token(DEPLOY)}") == DEPLOY


def test_no_header_is_the_developer(tokens):
    assert tokens.caller(None) is None
    assert tokens.invoker(None, (FLEET,)) is None


def test_an_access_token_says_nothing_about_its_account(tokens):
    assert "deploy" not in tokens.access_token(DEPLOY)


def test_two_accounts_have_different_tokens(tokens):
    assert tokens.access_token(DEPLOY) != tokens.access_token("rollback@p")


def test_an_access_token_is_refused_from_the_end_of_its_hour(tokens, scheduler):
    header = f"Bearer {tokens.access_token(DEPLOY)}"
    scheduler.run_for(3599)

    assert tokens.caller(header) == DEPLOY

    scheduler.run_for(1)

    with pytest.raises(Refused) as refused:
        tokens.caller(header)
    assert refused.value.code == "UNAUTHENTICATED"
    assert refused.value.details[0]["reason"] == "ACCESS_TOKEN_EXPIRED"


def test_the_same_token_is_handed_out_until_five_minutes_before_its_end(tokens, scheduler):
    first = tokens.access_token(DEPLOY)
    scheduler.run_for(3300)

    assert tokens.access_token(DEPLOY) == first

    scheduler.run_for(1)

    assert tokens.access_token(DEPLOY) != first
    assert tokens.caller(f"Bearer {first}") == DEPLOY


def test_tokens_long_dead_are_forgotten(tokens, scheduler):
    for _ in range(10):
        tokens.access_token(DEPLOY)
        scheduler.run_for(3600)

    assert len(tokens._by_token) <= 3


@pytest.mark.parametrize("header", ["Bearer ya29.made-up", "Bearer ", "Basic eDp5", "", "Bearer é"])
def test_a_token_that_was_never_issued_is_refused_in_googles_words(tokens, header):
    with pytest.raises(Refused) as refused:
        tokens.caller(header)

    assert refused.value.code == "UNAUTHENTICATED"
    assert refused.value.message.startswith(
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login"
        " cookie or other valid authentication credential."
    )


def test_a_token_of_another_local_cloud_is_refused(tokens, scheduler, signer):
    foreign = LocalTokens(scheduler, b"other", signer).access_token(DEPLOY)

    with pytest.raises(Refused, match="UNAUTHENTICATED"):
        tokens.caller(f"Bearer {foreign}")


def test_an_id_token_is_no_access_token(tokens):
    with pytest.raises(Refused) as refused:
        tokens.caller(f"Bearer {tokens.id_token(DEPLOY, FLEET)}")

    assert refused.value.details[0]["reason"] == "ACCESS_TOKEN_TYPE_UNSUPPORTED"


def test_an_access_token_invokes_no_service(tokens):
    with pytest.raises(Refused, match="could not be verified"):
        tokens.invoker(f"Bearer {tokens.access_token(DEPLOY)}", (FLEET,))


def test_an_id_token_has_the_claims_of_googles_own(tokens):
    claims = jwt.decode(tokens.id_token(DEPLOY, FLEET), options={"verify_signature": False})

    assert claims == {
        "iss": "https://accounts.google.com",
        "aud": FLEET,
        "azp": account_number(DEPLOY),
        "sub": account_number(DEPLOY),
        "email": DEPLOY,
        "email_verified": True,
        "iat": int(START.timestamp()),
        "exp": int(START.timestamp()) + 3600,
    }


def test_an_id_token_invokes_a_service_of_its_audience_only(tokens):
    header = f"Bearer {tokens.id_token(DEPLOY, FLEET)}"

    assert tokens.invoker(header, ("https://custom.example", FLEET)) == DEPLOY
    with pytest.raises(Refused, match="wrong audience"):
        tokens.invoker(header, ("https://other.a.run.app",))


def test_an_id_token_is_refused_from_the_end_of_its_hour(tokens, scheduler):
    header = f"Bearer {tokens.id_token(DEPLOY, FLEET)}"
    scheduler.run_for(3599)

    assert tokens.invoker(header, (FLEET,)) == DEPLOY

    scheduler.run_for(1)

    with pytest.raises(Refused, match="expired"):
        tokens.invoker(header, (FLEET,))


def test_a_new_id_token_is_made_when_the_old_one_nears_its_end(tokens, scheduler):
    first = tokens.id_token(DEPLOY, FLEET)
    assert tokens.id_token(DEPLOY, FLEET) == first

    scheduler.run_for(3301)

    assert tokens.id_token(DEPLOY, FLEET) != first


def test_an_id_token_with_another_signature_is_refused(tokens, scheduler):
    forged = LocalTokens(scheduler, b"x", RsaSigner()).id_token(DEPLOY, FLEET)

    with pytest.raises(Refused, match="could not be verified"):
        tokens.invoker(f"Bearer {forged}", (FLEET,))


@pytest.mark.parametrize("text", ["", "a.b.c", "é.é.é", "...", "eyJ.e30."])
def test_text_that_is_no_token_is_refused_and_nothing_else_escapes(tokens, text):
    with pytest.raises(Refused, match="could not be verified"):
        tokens.invoker(f"Bearer {text}", (FLEET,))


def test_a_token_signed_for_another_issuer_is_refused(tokens, signer):
    other = signer.sign({"iss": "https://evil.example", "aud": FLEET, "exp": 2**40, "email": "x"})

    with pytest.raises(Refused, match="could not be verified"):
        tokens.invoker(f"Bearer {other}", (FLEET,))


def test_a_developers_id_token_names_the_person_and_gcloud(tokens):
    token = tokens.developer_id_token("ann@example.com", FLEET)

    assert tokens.invoker(f"Bearer {token}", (FLEET,)) == "ann@example.com"
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["azp"] == "32555940559.apps.googleusercontent.com"


def test_simple_tokens_are_equal_from_run_to_run():
    first, second = (simple_tokens(VirtualScheduler(START)) for _ in range(2))

    assert first.access_token(DEPLOY) == second.access_token(DEPLOY)
    assert first.id_token(DEPLOY, FLEET) == second.id_token(DEPLOY, FLEET)


def test_an_account_number_has_twenty_one_digits_whatever_the_name():
    assert all(len(account_number(f"a{n}@p")) == 21 for n in range(200))


def test_rsa_tokens_say_so_in_their_header(scheduler):
    token = LocalTokens(scheduler, b"s", RsaSigner(KEY)).id_token(DEPLOY, FLEET)

    assert jwt.get_unverified_header(token)["alg"] == "RS256"


def test_an_access_token_that_another_process_issued_can_be_learned(scheduler, signer):
    issuing, other = (LocalTokens(scheduler, secret, signer) for secret in (b"one", b"two"))
    first = issuing.access_token(DEPLOY)
    issuing.on_issued.append(other.learn)

    second = issuing.access_token("rollback@p")

    assert other.caller(f"Bearer {second}") == "rollback@p"
    with pytest.raises(Refused):
        other.caller(f"Bearer {first}")
    for known in issuing.known():
        other.learn(known)
    assert other.caller(f"Bearer {first}") == DEPLOY


def test_two_processes_with_one_key_take_each_others_id_tokens(scheduler):
    signer = RsaSigner(KEY)
    one = LocalTokens(scheduler, b"one", signer)
    other = LocalTokens(scheduler, b"two", RsaSigner.from_pem(signer.pem()))

    assert other.invoker(f"Bearer {one.id_token(DEPLOY, FLEET)}", (FLEET,)) == DEPLOY
