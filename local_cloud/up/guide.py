"""What `up` prints: what to paste into another shell, in the order of a story.

Every line works as it stands once `.barq/env` was read; a test pastes them all.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.up.delivery import Target

PATH: Final = "/vehicles"
"""A route of the health service that needs its database."""
REQUESTS: Final = 6000
"""How many requests the line that sends some sends: a few minutes of them."""

DRILL_WARM_SECONDS: Final = 20
"""How long the drill keeps stable busy first: here totals are visible at once."""

FIRST_USERS_SECONDS: Final = 3
"""How long after its approval a canary has had users, and not yet all of them."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. Either way of doing it is a number of lines; `gcloud` may have none."""

    title: str
    curl: tuple[str, ...]
    gcloud: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Names:
    """What the lines speak of."""

    region: str
    workflow: str
    topic: str
    """Of builds; its short name."""
    target: Target
    database: bool = True
    """Whether there is one: without it the story goes on where none is needed."""
    drilled: str = ""
    """A target of the same service that is not its last one; empty if there is none."""
    alone: bool = True
    """Whether it is the only service: a push need not say which, then."""


def steps(names: Names) -> tuple[Step, ...]:
    """Return the story: a first image, a good one, a bad one, an outage; then people's part."""
    target = names.target
    by_hand = _Hand(names)
    approved = by_hand.run("approve", reason="looks good")
    url = f"${target.variable}{PATH if names.database else '/'}"
    send = f'(for n in $(seq {REQUESTS}); do curl -sS -o /dev/null "{url}"; sleep 0.04; done) &'
    return (
        Step("Send requests to the service, for some minutes", (send,)),
        _push(names, "v1", "Push the first image: the installer's placeholder makes way for it"),
        Step(
            "See what goes on",
            ("make status", _call("STATUS", {"service": target.service})),
            by_hand.run("status", target=""),
        ),
        Step("Approve", _answer(target, "approve", "looks good"), approved),
        _push(names, "v2", "Push a good image, approve it, and watch it get 10, 50, 100 %"),
        _push(
            names,
            "v3",
            "Push a bad image, approve it, and watch it being taken back",
            {"FAULT_ERROR_RATIO": "0.3"},
        ),
        *(_outage(names) if names.database else ()),
        Step(
            "Deny, instead of approving",
            _answer(target, "deny", "not today"),
            by_hand.run("deny", reason="not today"),
        ),
        Step(
            "Roll back by hand, at any time",
            (by_hand.create("roll_back", reason="checkout is failing"),),
            by_hand.run("roll_back", reason="checkout is failing"),
        ),
        _start(names, by_hand),
        *(_drill(names) if names.drilled else ()),
        Step(
            "Look at executions",
            ('curl -sS "$BARQ_WORKFLOW_URL/executions"',),
            (
                f"gcloud workflows executions list {names.workflow} --location={names.region}",
                "gcloud workflows executions describe-last",
            ),
        ),
        Step("See every service, revision, process and log", ('curl -sS "$BARQ_LOCAL_URL"',)),
    )


def guide(names: Names, env_file: str) -> str:
    """Return the whole text."""
    lines = ["In another shell, in this folder, first:", "", f"    . {env_file}", ""]
    lines += ["Then paste, in this order for a whole story. What needs gcloud is never needed.", ""]
    for number, step in enumerate(steps(names), 1):
        lines.append(f"{number}. {step.title}")
        lines += [f"    {line}" for line in step.curl]
        if step.gcloud:
            lines += ["  or", *(f"    {line}" for line in step.gcloud)]
        lines.append("")
    return "\n".join(lines)


class _Hand:
    """Lines that start the workflow by hand."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def run(self, action: str, **more: str) -> tuple[str, ...]:
        """Run it, and wait for its end."""
        argument = json.dumps(self._argument(action, more))
        return (self.gcloud("run", _quoted(argument)),)

    def create(self, action: str, **more: str) -> str:
        document = json.dumps({"argument": json.dumps(self._argument(action, more))})
        return execution(_quoted(document))

    def gcloud(self, verb: str, data: str) -> str:
        names = self._names
        return f"gcloud workflows {verb} {names.workflow} --location={names.region} --data={data}"

    def _argument(self, action: str, more: dict[str, str]) -> dict[str, str]:
        target = self._names.target
        found = {"action": action, "service": target.service, "target": target.name, **more}
        return {name: value for name, value in found.items() if value}


def execution(data: str) -> str:
    """Return the line that starts an execution by the API itself."""
    return f'curl -sS "$BARQ_WORKFLOW_URL/executions" -d {data}'


def _push(names: Names, version: str, title: str, env: dict[str, str] | None = None) -> Step:
    asked = _version(names, version)
    if env:
        asked["env"] = env
    told = f'"$(curl -sS "$BARQ_LOCAL_URL/builds/{version}")"'
    announced = f"gcloud pubsub topics publish {names.topic} --message={told}"
    return Step(title, (_build(asked),), (_build({**asked, "announce": False}), announced))


def _version(names: Names, version: str) -> dict[str, Any]:
    """Return what a push says of itself."""
    return {"version": version} | ({} if names.alone else {"service": names.target.service})


def _outage(names: Names) -> tuple[Step, ...]:
    """Take the database away from every revision at once while a canary has users."""
    target = names.target
    approved: tuple[str, ...] = ()
    begin = "Stop"
    if target.approval:
        approved = _answer(target, "approve", "looks good")
        begin = "Once it waits for approval, approve it, and stop"
    stop = (f"sleep {FIRST_USERS_SECONDS}", _database("stopped"))
    return (
        _push(names, "v5", "Push another good image"),
        Step(
            f"{begin} the database under its first users: it goes no further, and somebody is told",
            (*approved, *stop),
        ),
        Step(
            "Start the database before that has lasted `common_outage_max`: about a minute later"
            " the image goes on",
            (_database("running"),),
        ),
    )


def _database(state: str) -> str:
    return f'curl -sS "$BARQ_LOCAL_URL/database" -d {_quoted(json.dumps({"state": state}))}'


def _start(names: Names, by_hand: _Hand) -> Step:
    """Start a delivery by a digest. The image's name is a variable of the shell."""
    target = names.target
    argument = {
        "action": "rollout",
        "service": target.service,
        "target": target.name,
        "image": "@",
    }
    as_text = json.dumps({"argument": json.dumps(argument)})
    return Step(
        "Start a delivery by hand, of an image that no build announced",
        (
            _build({**_version(names, "v4"), "announce": False}),
            'IMAGE="$(curl -sS "$BARQ_LOCAL_URL/images/v4")"',
            execution(_with_image(as_text)),
        ),
        (by_hand.gcloud("execute", _with_image(json.dumps(argument))),),
    )


def _drill(names: Names) -> tuple[Step, ...]:
    """Have a bad image built for a target before the last one; its result tells the figures."""
    argument = {
        "service": names.target.service,
        "target": names.drilled,
        "warm_seconds": DRILL_WARM_SECONDS,
    }
    document = json.dumps({"argument": json.dumps(argument)})
    url = '"${BARQ_WORKFLOW_URL%/*}/drill/executions'
    return (
        Step(
            f"Hold the drill: a bad image is built for {names.drilled} alone, and taken back: about"
            " a minute",
            (f'curl -sS {url}" -d {_quoted(document)}',),
        ),
        Step("See what came of the drill", (f'curl -sS {url}?view=FULL"',)),
    )


def _with_image(text: str) -> str:
    return _quoted(text).replace("@", "'\"$IMAGE\"'")


def _build(asked: dict[str, Any]) -> str:
    return f'curl -sS "$BARQ_LOCAL_URL/builds" -d {_quoted(json.dumps(asked))}'


def _answer(target: Target, decision: str, reason: str) -> tuple[str, str]:
    """Look first: an answer names the rollout that was looked at."""
    where = f"?service={target.service}&target={target.name}"
    identity = r's/.*"rollout": *{[^}]*"id": *"\([^"]*\)".*/\1/p'
    look = f"ROLLOUT=$({_curl('APPROVE', where)} | sed -n {_quoted(identity)})"
    body = {
        "service": target.service,
        "target": target.name,
        "rollout": "@",
        "decision": decision,
        "reason": reason,
    }
    return look, _call("APPROVE", body).replace("@", "'\"$ROLLOUT\"'")


def _call(function: str, body: dict[str, str]) -> str:
    """Call a function as the developer, with an ID token for it."""
    return f"{_curl(function)} -d {_quoted(json.dumps(body))}"


def _curl(function: str, query: str = "") -> str:
    url = f"$BARQ_{function}_URL"
    token = f'$(curl -sS "$BARQ_LOCAL_URL/token?audience={url}")'
    return f'curl -sS "{url}{query}" -H "Authorization: Bearer {token}"'


def _quoted(text: str) -> str:
    assert "'" not in text
    return f"'{text}'"


def first_to_drill(targets: Sequence[Target], story: Target) -> str:
    """Return the first target of the story's service, if it is not its last one; else nothing."""
    names = [one.name for one in targets if one.service == story.service]
    return names[0] if len(names) > 1 else ""


def first_with_approval(targets: Sequence[Target]) -> Target:
    """Return the target that the story is about: one that asks a person, else the last one."""
    asking = [target for target in targets if target.approval]
    return (asking or list(targets))[-1]
