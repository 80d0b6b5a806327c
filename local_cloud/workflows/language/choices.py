"""What the documentation leaves open, each with the answer taken and the others one may ask for.

Source: reference/workflows.md, section 10; the number is that of the question there. A choice
changes what a workflow sees, never what the local cloud promises.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args, get_type_hints

from local_cloud.workflows.language.json_text import Style


@dataclass(frozen=True, slots=True)
class Choices:
    """One answer to each open question. The first of each list is the default."""

    unlike_types_equal: Literal["false", "TypeError"] = "false"
    """2: `==` between types that are neither alike, nor two numbers, nor one of them null."""
    string_order: Literal["TypeError", "compare"] = "TypeError"
    """2: `<` and its like between two strings."""
    single_quotes: Literal["reject", "accept"] = "reject"
    """3: string literals such as `'text'`, at deployment."""
    not_in: Literal["reject", "accept"] = "reject"
    """3: the operator `not in`, at deployment."""
    whole_doubles: Literal["5", "5.0"] = "5"
    """4: how JSON writes a double without a fraction."""
    html_escapes: Literal["no", "yes"] = "no"
    """4: whether JSON writes <, > and & as \\u003c, \\u003e and \\u0026."""
    unknown_env: Literal["null", "KeyError"] = "null"
    """5: `sys.get_env` of a name that is not there, without a default."""
    empty_body: Literal["string", "null"] = "string"
    """6: the body of a response that has none."""
    malformed_json: Literal["string", "bytes"] = "string"
    """6: the body of a response that says it is JSON and is not."""
    next_after_arm: Literal["applies", "following"] = "applies"
    """7: after a matched condition without `next`: the switch's own `next`, or the step below."""
    jump_out_of_for: Literal["allow", "reject"] = "allow"
    """8: `next` from the body of a loop to a step outside, at deployment."""
    branch_ids: Literal["name", "number"] = "name"
    """9: what an UnhandledBranchError calls a failed branch; an iteration always has its number."""
    executions_create: Literal["waits", "returns"] = "waits"
    """10: whether the connector waits for the execution that it created."""
    finished_operation: Literal["operation", "response"] = "operation"
    """10: what a connector gives for a long-running operation that is done. Workflows in use read
    `metadata.build.results` of what cloudbuild's `builds.create` gave: the operation."""
    retry_jitter: Literal["none", "full"] = "none"
    """11: whether the delay before a retry is drawn between 0 and its length."""
    predicate_error: Literal["propagates", "gives_up"] = "propagates"
    """11: an error in a retry's predicate: goes out itself, or lets the first error go on."""
    callback_wrong_method: Literal["404", "405"] = "404"
    """12: a request to a callback endpoint with another method."""
    unassigned: Literal["KeyError", "ValueError"] = "KeyError"
    """13: the tag for reading a variable that has no value yet."""

    def json_style(self) -> Style:
        """Return how JSON is written under these choices."""
        return Style(fraction=self.whole_doubles == "5.0", html_escapes=self.html_escapes == "yes")

    @staticmethod
    def of(given: Mapping[str, str]) -> "Choices":
        """Read choices by name. Raises UnknownChoice with every problem."""
        known = options()
        problems = [
            f"{name} is {value}: must be {_rule(known[name])}, such as {name}={known[name][0]}"
            if name in known
            else f"{name} is no choice: must be one of {', '.join(known)}"
            for name, value in given.items()
            if value not in known.get(name, ())
        ]
        if problems:
            raise UnknownChoice(problems)
        return Choices(**dict[str, Any](given))


class UnknownChoice(ValueError):
    """Names or values that are none. `problems` has a sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def options() -> dict[str, tuple[str, ...]]:
    """Return the values of each choice, the default first."""
    hints = get_type_hints(Choices)
    return {one.name: get_args(hints[one.name]) for one in dataclasses.fields(Choices)}


def _rule(values: tuple[str, ...]) -> str:
    return " or ".join(values)


DEFAULT: Final = Choices()
