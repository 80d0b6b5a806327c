"""Slack's, a webhook's and PagerDuty's senders to real HTTP servers, good and bad."""

import copy
import json

import pytest

from gcp.channels import Senders
from gcp.environment import Environment
from gcp.webhooks import JsonPoster, Limits
from rollouts.errors import Missing, OverQuota, Refused, Transient
from rollouts.notices import KINDS, Notice
from rollouts.paging import page
from rollouts.policy import Channel
from tests.receivers.http import Answer, as_json, met, served
from tests.receivers.pagerduty import PagerDuty
from tests.unit.functions.rollouts.builders import NOW, rollout

pytestmark = pytest.mark.processes

KEY = "0123456789abcdef0123456789abcdef"
SRE = Channel("pagerduty", "sre")
SHORT = Limits(connect=0.3, answer=0.3, whole=0.6)


def senders(url, **variables):
    known = {"SLACK_TEAM": f"{url}/services/T0/B0/secret", "PAGERDUTY_ENDPOINT": url}
    return Senders(Environment(known | variables), JsonPoster(limits=SHORT))


def event(kind, state="shifting", by=""):
    notice = Notice(kind, NOW, rollout(state), "<5> of 10 & more failed", 10, 10, by)
    return notice.as_cloud_event()


class Chat:
    """Answers each post alike."""

    def __init__(self, status=200, text=b"ok"):
        self.answer: Answer = (status, {}, text)
        self.posts = []

    def __call__(self, path, body):
        self.posts.append((path, body))
        return self.answer


def tell_slack(url):
    senders(url).send(Channel("slack", "team"), {"text": "rolled back"})


def test_a_chat_is_posted_one_message():
    chat = Chat()

    with served(chat) as url:
        tell_slack(url)

    assert chat.posts == [("/services/T0/B0/secret", b'{"text": "rolled back"}')]


@pytest.mark.parametrize(
    ("status", "kind"), [(429, OverQuota), (503, Transient), (404, Missing), (400, Refused)]
)
def test_an_answer_says_whether_to_try_again(status, kind):
    chat = Chat(status, b"no_service")

    with (
        served(chat) as url,
        pytest.raises(kind) as raised,
    ):
        tell_slack(url)

    assert type(raised.value) is kind
    assert len(chat.posts) == 1
    assert str(raised.value) == f"slack/team was not told: HTTP {status} (no_service)"


def test_a_redirect_is_not_followed():
    thief = Chat()

    with (
        served(thief) as other,
        served(lambda *_: (307, {"Location": f"{other}/thief"}, b"")) as url,
        pytest.raises(Refused, match="HTTP 307"),
    ):
        tell_slack(url)

    assert thief.posts == []


@pytest.mark.parametrize("host", ["hooks..example.com", "a" * 64 + ".example.com"])
def test_a_url_of_no_host_that_can_be_is_refused_without_a_word_of_it(host):
    """requests lets an exception of urllib3's through there, and its text has the host."""
    with pytest.raises(Refused, match="names no host that can be") as caught:
        JsonPoster().post(
            f"https://{host}/services/secret", {"text": "x"}, "slack/team was not told"
        )

    assert host not in str(caught.getrepr(style="native"))


@pytest.mark.parametrize(
    ("peer", "words"),
    [
        ({}, "no answer in time"),
        ({"greeting": b"HTTP/1.1 200 OK\r\n"}, "no answer in time"),
        ({"greeting": b"HTTP/1.1 200 OK\r\nX: ", "drips": b"x"}, "not through within 0.6 s"),
        ({"drops": True}, "no connection, or it broke"),
    ],
)
def test_a_server_that_hangs_or_hangs_up_is_asked_again_later(peer, words):
    with met(**peer) as port, pytest.raises(Transient) as raised:
        tell_slack(f"http://127.0.0.1:{port}")

    assert words in raised.value.message
    assert "secret" not in raised.value.message


@pytest.fixture
def there():
    return PagerDuty(KEY)


def told(there, *documents, key=KEY):
    with served(lambda path, body: as_json(*there.takes(path, body))) as url:
        for document in documents:
            senders(url, PAGERDUTY_SRE=key).send(SRE, document)


def test_whatever_pagerduty_is_told_it_takes(there):
    documents = [
        document
        for kind in KINDS
        for by in ("", "ann@example.com")
        if (document := page(event(kind, by=by)))
    ]

    told(there, *documents)

    assert len(there.taken) == len(documents) > 10
    assert {one["event_action"] for one in there.taken} == {"trigger", "acknowledge", "resolve"}


def test_a_rollout_is_one_alert_that_its_good_end_resolves(there):
    kinds = ["verdict.page", "traffic.stuck", "verdict.page", "approval.requested"]

    told(there, *(page(event(kind)) for kind in kinds))
    assert (list(there.alerts.values()), there.paged) == (["triggered"], 1)
    told(there, page(event("approval.given", by="ann@example.com")))
    assert list(there.alerts.values()) == ["acknowledged"]
    told(there, page(event("rollout.promoted", "promoted")))
    assert (list(there.alerts.values()), there.paged) == (["resolved"], 1)


def broken(*path, value=None):
    """Return a trigger with one thing wrong; None: it is missing."""
    document = copy.deepcopy(page(event("verdict.page")))
    assert document is not None
    at = document
    for name in path[:-1]:
        at = at[name]
    at.pop(path[-1])
    if value is not None:
        at[path[-1]] = value
    return document


@pytest.mark.parametrize(
    "document",
    [
        broken("dedup_key"),
        broken("dedup_key", value="x" * 256),
        broken("event_action", value="escalate"),
        broken("payload"),
        broken("payload", "summary"),
        broken("payload", "summary", value="x" * 1025),
        broken("payload", "severity", value="fatal"),
        broken("payload", "timestamp", value="today"),
        broken("payload", "custom_details", value="many"),
        broken("links", value=[{"text": "no href"}]),
        broken("client_url", value="console"),
    ],
    ids=lambda document: json.dumps(document)[:60],
)
def test_the_receiver_refuses_what_pagerduty_refuses(document, there):
    with pytest.raises(Refused, match=r"HTTP 400 \(.*Event object is invalid"):
        told(there, document)

    assert there.taken == []


def test_a_key_of_nobodys_is_refused_and_stands_in_no_message(there):
    with pytest.raises(Refused) as raised:
        told(there, page(event("verdict.page")), key="f" * 32)

    assert "ffff" not in raised.value.message
