import pytest
from hypothesis import given
from hypothesis import strategies as st

from gcp.environment import OPTIONAL, SECRETS, SETTINGS, Environment, channel_variable
from rollouts.errors import BadSettings
from rollouts.policy import Channel

GOOGLES_OWN = {name: setting.example for name, setting in SETTINGS.items()}


def test_values_come_in_the_order_they_were_asked_for():
    environment = Environment({**GOOGLES_OWN, "EVENTS_TOPIC": "projects/p/topics/t"})

    assert environment.need("EVENTS_TOPIC", "RUN_ENDPOINT") == (
        "projects/p/topics/t",
        "https://{region}-run.googleapis.com",
    )


@pytest.mark.parametrize("name", SETTINGS)
def test_every_example_is_accepted(name):
    value = GOOGLES_OWN[name].replace("PROJECT", "p").replace("TOPIC", "t")

    assert Environment({name: value}).one(name) == value


@pytest.mark.parametrize("name", SETTINGS)
def test_an_endpoint_that_is_not_set_is_an_error_and_never_googles_own(name):
    with pytest.raises(BadSettings, match=f"{name} is not set: must be .*, such as "):
        Environment({}).one(name)


def test_all_problems_are_told_at_once():
    environment = Environment({"RUN_ENDPOINT": "run", "EVENTS_TOPIC": "events"})

    with pytest.raises(BadSettings) as raised:
        environment.need("RUN_ENDPOINT", "LOGGING_ENDPOINT", "EVENTS_TOPIC")

    assert raised.value.problems == [
        (
            "RUN_ENDPOINT is 'run': must be an http(s) URL without query and without a slash at its"
            " end; {region} stands for the region, such as https://{region}-run.googleapis.com."
        ),
        (
            "LOGGING_ENDPOINT is not set: must be an http(s) URL without query and without a slash at"
            " its end, such as https://logging.googleapis.com."
        ),
        "EVENTS_TOPIC is 'events': must be a topic, such as projects/PROJECT/topics/TOPIC.",
    ]


def test_only_what_is_asked_for_is_looked_at():
    environment = Environment({"LOGGING_ENDPOINT": "https://l", "RUN_ENDPOINT": "no url"})

    assert environment.one("LOGGING_ENDPOINT") == "https://l"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RUN_ENDPOINT", "http://127.0.0.1:9000/regions/{region}"),
        ("RUN_ENDPOINT", "http://127.0.0.1:9000"),
        ("MONITORING_ENDPOINT", "localhost:4711"),
        ("REGISTRY_ENDPOINT", "http://127.0.0.1:5000"),
    ],
)
def test_other_addresses_than_googles_are_as_good(name, value):
    assert Environment({name: value}).one(name) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RUN_ENDPOINT", "https://run.googleapis.com/"),
        ("RUN_ENDPOINT", "https://run.googleapis.com?key=1"),
        ("RUN_ENDPOINT", "https://{zone}-run.googleapis.com"),
        ("RUN_ENDPOINT", "ftp://run.googleapis.com"),
        ("RUN_ENDPOINT", "https://"),
        ("RUN_ENDPOINT", "https://host:port"),
        ("RUN_ENDPOINT", "https://[::1"),
        ("MONITORING_ENDPOINT", "https://monitoring.googleapis.com"),
        ("EVENTS_TOPIC", "projects/p/topics/"),
    ],
)
def test_a_wrong_value_is_named(name, value):
    with pytest.raises(BadSettings) as raised:
        Environment({name: value}).one(name)

    assert repr(value) in raised.value.message


@pytest.mark.parametrize(
    ("channel", "variable"),
    [
        (Channel("webhook", "on-call"), "WEBHOOK_ON_CALL"),
        (Channel("slack", "team"), "SLACK_TEAM"),
        (Channel("pagerduty", "sre"), "PAGERDUTY_SRE"),
        (Channel("email", "team"), "SMTP_URL"),
    ],
)
def test_a_channels_secret_stands_under_its_kind_and_name(channel, variable):
    assert channel_variable(channel) == variable


@pytest.mark.parametrize("begin", SECRETS)
def test_the_example_of_a_secret_is_accepted(begin):
    name = begin if begin == "SMTP_URL" else f"{begin}TEAM"
    value = SECRETS[begin].example.replace("...", "x")

    assert Environment({name: value}).one(name) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PAGERDUTY_SRE", "short-secret"),
        ("PAGERDUTY_SRE", "0123456789abcdef0123456789abcde/"),
        ("SMTP_URL", "https://secret:word@smtp.example.com"),
        ("SMTP_URL", "smtp://secret@smtp.example.com"),
        ("SMTP_URL", "smtps://:secret@smtp.example.com"),
        ("SMTP_URL", "smtps://a:secret@smtp.example.com:mail"),
        ("SMTP_URL", "smtps://a:secret@smtp.example.com/inbox"),
        ("SMTP_URL", "smtps://a:sec ret@smtp.example.com"),
        ("SMTP_URL", "smtps://a:secret@"),
        ("SLACK_TEAM", "hooks.slack.com/secret"),
        ("SLACK_TEAM", "https://hooks..slack.com/secret"),
    ],
)
def test_a_wrong_secret_is_refused_and_stands_in_no_message(name, value):
    with pytest.raises(BadSettings, match=f"{name} is not readable: must be ") as raised:
        Environment({name: value}).one(name)

    assert value not in str(raised.value)
    assert "secret" not in str(raised.value).replace("hooks.slack.com/services/...", "")


def test_a_webhooks_url_may_have_a_query():
    url = "https://chat.example.com/v1/spaces/x/messages?key=k&token=t"

    assert Environment({"WEBHOOK_TEAM": url}).one("WEBHOOK_TEAM") == url


@given(st.text(min_size=4))
def test_a_webhooks_url_stands_in_no_message(value):
    secret = f"hooks.slack.com/{value}"

    with pytest.raises(BadSettings) as raised:
        Environment({"WEBHOOK_TEAM": secret}).one("WEBHOOK_TEAM")

    assert secret not in str(raised.value)
    assert "not readable" in str(raised.value)


@pytest.mark.parametrize("name", OPTIONAL)
def test_an_optional_setting_may_be_left_out_and_must_be_right_if_it_is_there(name):
    example = OPTIONAL[name].example

    assert Environment({}).optional(name) == ""
    assert Environment({name: example}).optional(name) == example
    with pytest.raises(BadSettings, match=f"{name} is 'odd': must be .*, such as "):
        Environment({name: "odd"}).optional(name)
