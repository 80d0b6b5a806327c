"""A mail as bytes. Real servers: tests/contract/notify."""

import email
import email.policy

from hypothesis import given
from hypothesis import strategies as st

from gcp.smtp import written
from rollouts.mails import mail
from rollouts.notices import Notice
from tests.unit.functions.rollouts.builders import NOW, rollout

EVENT = Notice("rollout.promoted", NOW, rollout(), "it passed", 50, 100).as_cloud_event()
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "References", "In-Reply-To", "Auto-Submitted",
    "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
]  # fmt: skip
ODD = st.text(alphabet=st.characters(codec=None) | st.sampled_from("\r\n\x00:=?<>@ü\u2028"))


def sent(**changes):
    letter = mail(EVENT | {"data": EVENT["data"] | changes}, ("ops@example.com",), "b@example.com")
    return bytes(written(letter))


@given(st.dictionaries(st.sampled_from(["event", "service", "target", "because", "by"]), ODD))
def test_whatever_an_event_says_a_mail_has_its_own_headers_and_no_other(changes):
    got = email.message_from_bytes(sent(**changes), policy=email.policy.default)

    assert sorted(got.keys()) == sorted(HEADERS)
    assert got["To"] == "ops@example.com"


def test_a_mail_of_words_beyond_ascii_needs_no_extension_of_the_server():
    got = sent(by="Jürgen", service="größe")

    assert got.isascii()
    assert "größe" in str(email.message_from_bytes(got, policy=email.policy.default)["Subject"])


def test_half_a_character_of_anyones_is_no_reason_not_to_send():
    """JSON can hold one, and no encoding of a mail can."""
    assert b"a?b" in sent(because="a\ud800b")
