"""What the driving functions are asked, parsed from JSON into values. All problems at once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from rollouts.errors import BadInput
from rollouts.images import Image, parse_image
from rollouts.instants import parse_instant
from rollouts.record import Build

T = TypeVar("T")
EXECUTION: Final = re.compile(r"projects/[^/]+/locations/[^/]+/workflows/[^/]+/executions/[^/]+")
REVISION: Final = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
NO_ROLLOUT: Final = "none"
"""What a person's word means where no rollout was on record: it is no rollout's id."""
_NAME: Final = re.compile(r"[a-z]([a-z0-9-]{0,47}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Driver:
    """Who asks: every request names its execution, so that a rollout has one driver."""

    execution: str
    callback: str
    service: str
    target: str


@dataclass(frozen=True, slots=True)
class DeployRequest:
    """Deliver an image, or adopt a revision that a person made: exactly one of the two."""

    driver: Driver
    image: Image | None
    revision: str | None
    build: Build
    force: bool
    automatic: bool
    """An event asked for it, not a person."""
    override_freeze: str = ""
    """A person's reason to pass a closed line; empty: it waits."""
    gives_way: bool = False
    """Whether it begins only where nothing is under way, whatever `second_push` says."""
    claimed: str = ""
    """The id of the rollout that this execution has claimed already, by its last answer."""


@dataclass(frozen=True, slots=True)
class StepRequest:
    """Go on with a rollout: verify it, check it, shift it or roll it back."""

    driver: Driver
    action: Mapping[str, Any]
    """The action that led here, as it was answered; empty when none did."""
    reason: str
    """A person's words; empty for what Barq decided."""
    by: str
    by_hand: bool
    state: Mapping[str, Any] = field(default_factory=dict)
    rollout: str = ""
    """The id of the rollout that a person meant; empty: whichever is on record."""


class Reader:
    """Reads fields of a JSON object and gathers what is wrong with them."""

    def __init__(self, document: Any, what: str) -> None:
        self.problems: list[str] = []
        self._what = what
        if not isinstance(document, dict):
            self.problems.append(f"{what} is {shown(document)}: must be a JSON object.")
            document = {}
        self._document: dict[str, Any] = document

    def text(self, name: str, rule: str, example: str, pattern: re.Pattern[str]) -> str:
        value = self._document.get(name)
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        said = "missing" if value is None else shown(value)
        self.problems.append(f"{name} is {said}: must be {rule}, such as {example}.")
        return ""

    def words(self, name: str) -> str:
        """Read free text, empty if absent, cut at 500 characters."""
        value = self._document.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.problems.append(f"{name} is {shown(value)}: must be text.")
            return ""
        return value.strip()[:500]

    def switch(self, name: str) -> bool:
        value = self._document.get(name, False)
        if isinstance(value, bool):
            return value
        self.problems.append(f"{name} is {shown(value)}: must be true or false, such as true.")
        return False

    def mapping(self, name: str) -> Mapping[str, Any]:
        value = self._document.get(name)
        if value is None or isinstance(value, dict):
            return value or {}
        self.problems.append(f"{name} is {shown(value)}: must be a JSON object.")
        return {}

    def parsed(self, name: str, parse: Callable[[object], T]) -> T | None:
        """Read an optional field by a parser whose ValueError says the rule."""
        if not self.given(name):
            return None
        value = self._document[name]
        try:
            return parse(value)
        except ValueError as error:
            self.problems.append(f"{name} is {shown(value)}: {error}.")
            return None

    def given(self, name: str) -> bool:
        """Whether a field says anything at all, right or wrong."""
        return self._document.get(name) not in (None, "")

    def done(self) -> None:
        """Raise BadInput if anything was wrong."""
        if self.problems:
            raise BadInput([f"{self._what}: {problem}" for problem in self.problems])


def read_driver(reader: Reader) -> Driver:
    execution = "projects/P/locations/L/workflows/rollout/executions/E"
    return Driver(
        execution=reader.text("execution", "an execution's full name", execution, EXECUTION),
        callback=reader.words("callback"),
        service=read_name(reader, "service", "api"),
        target=read_name(reader, "target", "production"),
    )


def read_name(reader: Reader, name: str, example: str) -> str:
    return reader.text(name, "a name that stands in delivery.yaml", example, _NAME)


def parse_deploy(document: Any) -> DeployRequest:
    """Read what `deploy` is asked. Raises BadInput."""
    reader = Reader(document, "deploy")
    driver = read_driver(reader)
    image = reader.parsed("image", parse_image)
    revision = reader.parsed("revision", parse_revision)
    build = reader.mapping("build")
    if reader.given("image") == reader.given("revision"):
        reader.problems.append("image and revision: must be exactly one of the two.")
    request = DeployRequest(
        driver=driver,
        image=image,
        revision=revision,
        build=_build(build, reader),
        force=reader.switch("force"),
        automatic=reader.switch("automatic"),
        override_freeze=reader.words("override_freeze"),
        gives_way=reader.switch("gives_way"),
        claimed=reader.words("claimed"),
    )
    reader.done()
    return request


def parse_step(document: Any) -> StepRequest:
    """Read what verify, shift_traffic, check_metrics and rollback are asked. Raises BadInput."""
    reader = Reader(document, "request")
    request = StepRequest(
        driver=read_driver(reader),
        action=reader.mapping("action"),
        reason=reader.words("reason"),
        by=reader.words("by"),
        by_hand=reader.switch("by_hand"),
        state=reader.mapping("state"),
        rollout=reader.words("rollout"),
    )
    reader.done()
    return request


def reason_of(request: StepRequest, verb: str) -> str:
    """Return a person's reason. Raises BadInput if there is none: others will ask for it."""
    if request.reason:
        return request.reason
    raise BadInput(
        f'request: reason is missing: {verb} needs one, such as "checkout is failing"; nothing was'
        " changed."
    )


def decision_of(action: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what an action says of the decision that led to it; None where none did."""
    decision = action.get("decision")
    return decision if isinstance(decision, dict) else None


def parse_revision(value: object) -> str:
    if not isinstance(value, str) or not REVISION.fullmatch(value):
        raise ValueError("must be a revision's bare name, such as api-00012-abc")
    return value


def _build(document: Mapping[str, Any], reader: Reader) -> Build:
    created = document.get("created")
    try:
        when = parse_instant(created) if created else None
    except ValueError:
        reader.problems.append(f"build.created is {shown(created)}: must be an RFC 3339 instant.")
        when = None
    return Build(str(document.get("id") or ""), when, str(document.get("source") or ""))


def shown(value: object) -> str:
    """Show a value that a person sent, short enough to read."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."  # noqa: PLR2004
