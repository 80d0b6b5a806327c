"""Who is told what, as delivery.yaml says it, and each wrong combination in words."""

import pytest

from rollouts.delivery_file import parse_delivery
from rollouts.errors import BadSettings
from rollouts.policy import Channel, Notification
from tests.unit.functions.rollouts.builders import document

WHERE = "services.api.notifications"
MAIL = {"email": "ops", "to": ["ops@example.com", "a.b@example.org"], "from": "barq@example.com"}


def rows_of(*rows):
    return parse_delivery(document(notifications=list(rows))).services[0].notifications


def problem_of(*rows):
    with pytest.raises(BadSettings) as raised:
        rows_of(*rows)
    (problem,) = raised.value.problems
    return problem


def test_each_row_is_a_channel_and_what_it_is_told():
    assert rows_of(
        {"slack": "team"},
        {"webhook": "team", "events": ["rollout.rolled_back"], "targets": ["production"]},
        MAIL,
        {"pagerduty": "on-call", "events": ["verdict.page"]},
    ) == (
        Notification(Channel("slack", "team")),
        Notification(Channel("webhook", "team"), ("rollout.rolled_back",), ("production",)),
        Notification(Channel("email", "ops"), (), (), tuple(MAIL["to"]), "barq@example.com"),
        Notification(Channel("pagerduty", "on-call"), ("verdict.page",)),
    )


def test_a_file_of_the_time_when_there_were_only_webhooks_means_what_it_meant():
    assert rows_of({"webhook": "team"}, {"webhook": "on-call", "events": ["traffic.stuck"]}) == (
        Notification(Channel("webhook", "team")),
        Notification(Channel("webhook", "on-call"), ("traffic.stuck",)),
    )


ONE = "must name exactly one of slack, webhook, email, pagerduty, such as {slack: team}."


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({}, f"{WHERE}[0] names no channel: {ONE}"),
        ({"slack": "a", "webhook": "b"}, f"{WHERE}[0] names slack and webhook: {ONE}"),
        (None, f"{WHERE}[0] is None: must be a map of settings, such as {{slack: team}}."),
        ({"slack": None}, f"{WHERE}[0].slack is None: must be a short name, such as team."),
        (
            {"pagerduty": "endpoint"},
            (
                f"{WHERE}[0].pagerduty is 'endpoint': must be a short name other than endpoint, such as"
                " on-call."
            ),
        ),
        (
            {"email": "ops", "to": ["a@example.com"]},
            f"{WHERE}[0].from is missing: must be an e-mail address, such as team@example.com.",
        ),
        (
            {**MAIL, "to": []},
            (
                f"{WHERE}[0].to is []: must be a list of 1 to 20, each an e-mail address, such as"
                " [team@example.com]."
            ),
        ),
        (
            {"slack": "team", "from": "a@example.com"},
            (
                f"{WHERE}[0].from is 'a@example.com': must stand beside email alone, such as"
                " {email: team, to: [team@example.com], from: barq@example.com}."
            ),
        ),
        (
            {"slack": "team", "targets": ["staging", "prod"]},
            (
                f"{WHERE}[0].targets is ['staging', 'prod']: must be targets of this service (staging,"
                " production), such as [staging]."
            ),
        ),
        (
            {"pagerduty": "on-call", "events": ["rollout.promoted"]},
            (
                f"{WHERE}[0].events is ['rollout.promoted']: must be of what triggers PagerDuty"
                " (traffic.stuck, verdict.page, verdict.alert, rollout.rolled_back, rollout.stopped,"
                " approval.requested), such as [rollout.rolled_back]; what ends well resolves it without"
                " being named."
            ),
        ),
    ],
)
def test_a_wrong_row_is_told_by_name_value_rule_and_example(row, problem):
    assert problem_of(row) == problem


def test_rows_that_are_no_list_are_refused():
    with pytest.raises(BadSettings) as raised:
        parse_delivery(document(notifications={"slack": "team"}))

    assert raised.value.problems == [
        f"{WHERE} is {{'slack': 'team'}}: must be a list, such as - slack: team."
    ]


def test_one_channel_of_e_mail_has_one_sender():
    assert problem_of(MAIL, {"slack": "x"}, MAIL | {"from": "other@example.com"}) == (
        f"{WHERE}[2].from is 'other@example.com': must be the same in all rows of email/ops, such"
        f" as 'barq@example.com' of {WHERE}[0]."
    )
    assert len(rows_of(MAIL, MAIL | {"email": "dev", "from": "other@example.com"})) == 2


def test_a_service_without_targets_has_none_that_a_row_could_name():
    wrong = document(notifications=[{"slack": "team", "targets": ["production"]}], targets={})

    with pytest.raises(BadSettings) as raised:
        parse_delivery(wrong)

    assert "must be targets of this service (it has none), such as [production]" in str(
        raised.value
    )


def test_a_kind_of_event_that_is_never_told_is_refused():
    """A slip of the pen here would be a page that nobody ever gets."""
    problem = problem_of({"webhook": "team", "events": ["rollout.rollback"]})

    assert problem.startswith(f"{WHERE}[0].events is ['rollout.rollback']")
    assert "rollout.rolled_back" in problem


@pytest.mark.parametrize(
    "address",
    [
        "team",
        "team@localhost",
        "a@b@example.com",
        ".a@example.com",
        "a..b@example.com",
        "a@-example.com",
        "Team <team@example.com>",
        "a@example.com\nBcc: b@example.com",
        "a,b@example.com",
        "ü@example.com",
        f"{'a' * 250}@example.com",
    ],
)
def test_what_is_no_plain_address_is_refused(address):
    assert "must be a list of 1 to 20, each an e-mail address" in problem_of(
        MAIL | {"to": [address]}
    )
