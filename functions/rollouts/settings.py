"""Every setting of delivery.yaml, once: parser, JSON Schema and docs read this table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from rollouts import setting_kinds as kinds
from rollouts.freezes import WEEKDAYS
from rollouts.notices import KINDS
from rollouts.setting_kinds import Kind

REQUIRED: Final = object()
UNSET: Final = object()
"""The default of what need not stand there, and then is nothing."""
IMAGE: Final = "europe-west1-docker.pkg.dev/barq-build/shop/api"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `default` is what a user would write; REQUIRED and UNSET have none."""

    kind: Kind
    default: Any
    doc: str


Group = Mapping[str, Setting]

APPROVAL: Final[Group] = {
    "by": Setting(
        kinds.one_of("none", "manual"),
        "none",
        "`manual`: a person says yes before the canary gets its first request.",
    ),
    "expires": Setting(
        kinds.duration("24h"), "24h", "Without an answer for this long the rollout is rolled back."
    ),
}

VERIFY: Final[Group] = {
    "paths": Setting(
        kinds.several(kinds.text("a URL path", kinds.URL_PATH, "/health/ready")),
        ["/health/ready", "/health/live"],
        "Paths of the smoke test. An empty list means no smoke test.",
    ),
    "status": Setting(kinds.whole(100, 599, 200), 200, "The status that each path must answer."),
    "latency_max": Setting(
        kinds.duration("2s", shortest="1ms"), "5s", "The longest that each path may take."
    ),
    "attempts": Setting(
        kinds.whole(1, 100, 5), 5, "Rounds of the smoke test before it counts as failed."
    ),
    "every": Setting(kinds.duration("3s"), "3s", "The wait between two rounds."),
}

ANALYSIS: Final[Group] = {
    "profile": Setting(
        kinds.one_of("comparison", "fixed_counts"),
        "comparison",
        "`comparison` judges the canary beside stable. `fixed_counts` does too, and counts errors"
        " beside it: it sets `max_errors` to [5, 10] if that is not given.",
    ),
    "sensitivity": Setting(
        kinds.one_of("low", "normal", "high"),
        "normal",
        "How soon a difference to stable counts. A good canary is taken back in at most 0.2 %, 1 %"
        " or 5 % of rollouts, all steps below 100 % together.",
    ),
    "min_requests": Setting(
        kinds.per_step(kinds.whole(0, 1_000_000, 20), "[20, 100]"),
        20,
        "A step with fewer requests to the canary is not passed; below it no ratio is judged.",
    ),
    "error_increase_tolerated": Setting(
        kinds.number(0, 10, 0.1),
        0.1,
        "How many more errors than stable's are still as good: 0.1 is a tenth more.",
    ),
    "error_ratio_ignored": Setting(
        kinds.number(0.000001, 0.1, 0.0002),
        0.0002,
        "A canary whose share of errors is below this is never taken back for them.",
    ),
    "slowdown_tolerated": Setting(
        kinds.optional(kinds.number(0, 10, 0.1)),
        0.1,
        "How much slower than stable is still as good: 0.1 is a tenth. `off` compares no latency.",
    ),
    "warm_up": Setting(
        kinds.duration("20s", shortest="0s"),
        "20s",
        "Latency is not judged for so long after the canary's first request of a step. Shorter than"
        " each window below 100 %, but for a first one of 60 seconds at most.",
    ),
    "bad_intervals_min": Setting(
        kinds.whole(1, 2, 1),
        1,
        "`2`: errors of a single interval of 10 seconds do not take the canary back, as when one"
        " instance crashes, unless they are 50 or more.",
    ),
    "stable_also_bad": Setting(
        kinds.one_of("hold", "roll_back"),
        "hold",
        "What happens while stable fails as well: `hold` goes no further and tells a person.",
    ),
    "common_outage_max": Setting(
        kinds.duration("5m"),
        "5m",
        "If both fail for longer than this, since after the first shift, stable gets everything as"
        " a precaution.",
    ),
    "watch_action": Setting(
        kinds.one_of("roll_back", "alert"),
        "roll_back",
        "What happens if the 100 % step, or an alert in the `watch` after it, shows more errors"
        " than stable had, where nothing is left to compare with: `alert` only tells a person.",
    ),
    "early_promote": Setting(
        kinds.switch(),
        False,
        "`true`: a step is passed before its window is over once the evidence is clear.",
    ),
    "dry_run": Setting(
        kinds.switch(),
        False,
        "`true`: verdicts are recorded, and only the absolute limits below are acted on.",
    ),
    "probes": Setting(
        kinds.whole(0, 50, 20),
        0,
        "Requests that Barq sends to the canary and to stable, so many to each, before the first"
        " shift. For quiet services.",
    ),
    "max_errors": Setting(
        kinds.optional(kinds.per_step(kinds.whole(0, 1_000_000, 5), "[5, 10]")),
        "off",
        "More errors (5xx) of the canary in one step than this roll it back.",
    ),
    "max_error_ratio": Setting(
        kinds.optional(kinds.ratio(0.05)), "off", "A higher share of errors rolls it back."
    ),
    "max_latency_p95": Setting(
        kinds.optional(kinds.duration("800ms", shortest="1ms")),
        "off",
        "A 95th percentile of latency above this rolls it back.",
    ),
}

TARGET: Final[Group] = {
    "project": Setting(
        kinds.text("a Google Cloud project id", kinds.PROJECT, "barq-production"),
        REQUIRED,
        "The project that the Cloud Run service lives in.",
    ),
    "region": Setting(
        kinds.text("a Google Cloud region", kinds.REGION, "europe-west1"),
        REQUIRED,
        "The region of the Cloud Run service.",
    ),
    "service": Setting(
        kinds.text("a Cloud Run service name of at most 49 characters", kinds.NAME, "api"),
        REQUIRED,
        "The Cloud Run service.",
    ),
    "steps": Setting(
        kinds.steps(), [10, 50, 100], "The shares of traffic that the canary gets, in percent."
    ),
    "window": Setting(
        kinds.per_step(kinds.duration("5m"), "[1m, 5m, 5m]"),
        "5m",
        "How long each step is watched: errors known for all of it, totals visible for 0.6 of it.",
    ),
    "check_every": Setting(
        kinds.duration("10s"), "10s", "The wait between two looks, at most the shortest window."
    ),
    "deadline": Setting(
        kinds.duration("1h"),
        "1h",
        "A rollout not promoted this long after its first shift is taken back; if nothing bad was"
        " seen and too little data is all, a person is asked, for as long as `approval.expires`.",
    ),
    "extend_max": Setting(
        kinds.duration("30m"),
        "30m",
        "With `no_data: extend`: how much longer than `deadline` missing requests are waited for.",
    ),
    "watch": Setting(
        kinds.duration("30m", shortest="0s"),
        "30m",
        "How long after promotion an alert still rolls back.",
    ),
    "ready_within": Setting(
        kinds.duration("10m"), "10m", "How long a new revision may take to become Ready."
    ),
    "no_data": Setting(
        kinds.one_of("hold", "extend", "pass", "roll_back"),
        "hold",
        "What a step without any request means. `hold` waits until the deadline, where a person is"
        " asked; `extend` waits `extend_max` longer; `pass` goes on to the next step, or promotes;"
        " `roll_back` takes the canary back after a window.",
    ),
    "second_push": Setting(
        kinds.one_of("supersede", "queue", "reject"),
        "supersede",
        "What a newer build does that comes while a rollout is under way here. `supersede`: that"
        " rollout ends, its stable revision gets everything, and the newer build begins beside it."
        " `queue`: it waits until the rollout has ended; only the newest waits. `reject`: it begins"
        " nothing, and an event says so.",
    ),
}

SERVICE: Final[Group] = {
    "image": Setting(
        kinds.text("an image repository without tag or digest", kinds.REPOSITORY, IMAGE),
        REQUIRED,
        "The repository whose images are delivered; builds of others are ignored.",
    ),
    "branches": Setting(
        kinds.several(kinds.text("a branch name", kinds.BRANCH, "main"), least=1),
        ["main"],
        "Builds of other branches are ignored.",
    ),
    "registry_events": Setting(
        kinds.switch(),
        False,
        "`true`: an image that appears in the registry starts a delivery, whoever built it.",
    ),
}

_CHANNEL: Final = kinds.text("a short name", kinds.NAME, "team")
_ADDRESS: Final = kinds.text("an e-mail address", kinds.ADDRESS, "team@example.com")
NOTIFICATION: Final[Group] = {
    "slack": Setting(
        _CHANNEL,
        UNSET,
        "Slack. Names the variable SLACK_<NAME> that holds the secret URL of an incoming webhook.",
    ),
    "webhook": Setting(
        _CHANNEL,
        UNSET,
        "Any other chat that takes Slack's `text`. Names the variable WEBHOOK_<NAME> that holds"
        " the secret URL.",
    ),
    "email": Setting(
        _CHANNEL,
        UNSET,
        "E-mail, by the server in the variable SMTP_URL. Needs `to` and `from` beside it.",
    ),
    "pagerduty": Setting(
        kinds.text("a short name other than endpoint", kinds.SERVICE_OF_PAGERDUTY, "on-call"),
        UNSET,
        "PagerDuty. Names the variable PAGERDUTY_<NAME> that holds the secret integration key.",
    ),
    "events": Setting(
        kinds.several(kinds.one_of(*KINDS)),
        [],
        "The events that it is told of, as docs/reference/events.md lists them; empty means all."
        " For PagerDuty: what triggers it.",
    ),
    "targets": Setting(
        kinds.several(kinds.text("a target of this service", kinds.NAME, "production")),
        [],
        "The targets whose events it is told of; empty means all.",
    ),
    "to": Setting(kinds.several(_ADDRESS, least=1), UNSET, "Whom an e-mail goes to."),
    "from": Setting(_ADDRESS, UNSET, "Whom an e-mail is from, as the server lets it out."),
}
"""A row names exactly one of the first four."""

LINE: Final[Group] = {
    "stop_the_line": Setting(
        kinds.optional(
            kinds.text("a reason of 1 to 200 characters", kinds.WORDS, "checkout is down")
        ),
        "off",
        "While a reason stands here, no canary gets a new share. It holds rollouts that are under"
        " way too, and never a rollback.",
    ),
}
"""What stands at the top, in a service and in a target alike, and is no part of a policy."""

FREEZE: Final[Group] = {
    "from": Setting(
        kinds.moment(),
        REQUIRED,
        "When it begins, by the clock of `zone`: once (`2026-12-23T18:00`), every week"
        ' (`fri 15:00`) or every day (`"22:00"`).',
    ),
    "until": Setting(
        kinds.moment(), REQUIRED, "When it ends, written as `from` is. `24:00` ends a day."
    ),
    "days": Setting(
        kinds.several(kinds.one_of(*WEEKDAYS), least=1, most=7),
        list(WEEKDAYS),
        "With a time of the day: on which days it begins.",
    ),
    "zone": Setting(kinds.zone(), "UTC", "Whose clock `from` and `until` go by."),
    "reason": Setting(
        kinds.optional(kinds.text("a reason of 1 to 200 characters", kinds.WORDS, "Christmas")),
        "off",
        "What people are told beside the window.",
    ),
}

GROUPS: Final[Mapping[str, Group]] = {
    "services.<name>": SERVICE,
    "services.<name>.targets.<name>": TARGET,
    "services.<name>.targets.<name>.approval": APPROVAL,
    "services.<name>.targets.<name>.verify": VERIFY,
    "services.<name>.targets.<name>.analysis": ANALYSIS,
    "delivery.yaml": LINE,
    "freeze[]": FREEZE,
    "services.<name>.notifications[]": NOTIFICATION,
}
