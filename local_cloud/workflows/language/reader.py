"""Reads the source's tree into `syntax`, and refuses what the schema of steps does not allow.

Problems are collected step by step, so that `check` can show all of them at once.
Source: reference/workflows.md 1.1, 1.2 and 1.7.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from local_cloud.workflows.language import syntax
from local_cloud.workflows.language.choices import DEFAULT, Choices
from local_cloud.workflows.language.faults import BuildError, Position
from local_cloud.workflows.language.fields import (
    check_identifier,
    check_limit,
    check_name,
    fields_of,
    in_step,
    key_text,
    listed,
    name_in,
    only_entry,
    parameter_of,
    present,
    shared_of,
    target_of,
)
from local_cloud.workflows.language.source import Mapping, Node, Scalar, Sequence
from local_cloud.workflows.language.syntax import Step, expression_text
from local_cloud.workflows.stdlib.library import POLICIES

ASSIGNMENTS_MAX: Final = 50
CONDITIONS_MAX: Final = 50
BRANCHES_MAX: Final = 10
BRANCHES_MIN: Final = 2
PARAMETERS_MAX: Final = 10
_ACTIONS: Final = (
    *("assign", "call", "switch", "for", "parallel", "raise", "try", "return", "steps"),
)
_NEEDS: Final = {"args": "call", "result": "call", "except": "try", "retry": "try"}
_FIELDS: Final = frozenset((*_ACTIONS, *_NEEDS, "next"))


class Reader:
    """Reads one source. `problems` is what is wrong with it, in source order."""

    def __init__(self, choices: Choices = DEFAULT) -> None:
        self.problems: list[BuildError] = []
        self._choices = choices
        self._readers: dict[str, Callable[[str, Mapping], syntax.Action]] = {
            "assign": self._assign,
            "call": self._call,
            "switch": self._switch,
            "for": self._for,
            "parallel": self._parallel,
            "raise": self._raise,
            "try": self._try,
            "return": self._return,
            "steps": self._block,
        }

    def read(self, root: Node) -> syntax.SourceOf:
        found = syntax.SourceOf()
        if isinstance(root, Sequence):
            steps = self._steps(root, f"error in {named('main')}")
            found.routines["main"] = syntax.RoutineOf("main", (), steps, root.position)
            return found
        if not isinstance(root, Mapping):
            raise BuildError("a workflow is a map of routines or a list of steps", root.position)
        for key, node in root.entries:
            try:
                found.routines[key.value] = self._routine(key, node)
            except BuildError as error:
                self.problems.append(error)
                found.routines[key.value] = syntax.RoutineOf(key.value, (), (), key.position, False)
        if "main" not in (key.value for key, _ in root.entries):
            raise BuildError("main workflow not found", root.position)
        return found

    def _routine(self, key: Scalar, node: Node) -> syntax.RoutineOf:
        """Read what can be read; only a routine without any shape raises."""
        name = key.value
        where = f"error in {named(name)}"
        check_identifier(name, key.position, f"{where}: subworkflow name")
        if not isinstance(node, Mapping):
            raise BuildError(f"{where}: must be a map with steps", key.position)
        for entry, _ in node.entries:
            if entry.value not in ("params", "steps"):
                self._note(f"{where}: unknown field '{entry.value}'", entry.position)
        parameters: tuple[syntax.ParameterOf, ...] = ()
        is_known = False
        with self._collected():
            parameters = self._parameters(name, node.get("params"), where)
            is_known = True
        steps = node.get("steps")
        if steps is None:
            self._note(f"{where}: steps are missing", key.position)
        found: tuple[Step, ...] = ()
        if steps is not None:
            with self._collected():
                found = self._steps(steps, where)
        return syntax.RoutineOf(name, parameters, found, key.position, is_known)

    @contextmanager
    def _collected(self) -> Iterator[None]:
        """Note the problem that ends this part, so that the parts beside it are read too."""
        try:
            yield
        except BuildError as error:
            self.problems.append(error)

    def _refuse(self, step: str, message: str, position: Position | None) -> None:
        self.problems.append(in_step(step, message, position))

    def _note(self, message: str, position: Position | None) -> None:
        self.problems.append(BuildError(message, position))

    def _parameters(
        self, routine: str, node: Node | None, where: str
    ) -> tuple[syntax.ParameterOf, ...]:
        if node is None or (isinstance(node, Scalar) and node.value is None):
            return ()
        if not isinstance(node, Sequence):
            raise BuildError(f"{where}: params must be a list", node.position)
        most = 1 if routine == "main" else PARAMETERS_MAX
        if len(node.items) > most:
            raise BuildError(f"{where}: at most {most} params are allowed", node.position)
        found = tuple(parameter_of(item, where) for item in node.items)
        if routine == "main" and found and found[0].default is not None:
            raise BuildError(f"{where}: a param of main has no default", node.position)
        if len({parameter.name for parameter in found}) < len(found):
            raise BuildError(f"{where}: params must have different names", node.position)
        return found

    def _steps(self, node: Node, where: str) -> tuple[Step, ...]:
        if not isinstance(node, Sequence) or not node.items:
            raise BuildError(
                f"{where}: steps must be a list of at least one step",
                node.position,
            )
        found: list[Step] = []
        names: set[str] = set()
        for item in node.items:
            with self._collected():
                name, body = only_entry(item, f"{where}: a step must be a map of one name")
                found.append(self._listed_step(name, body, names))
        return tuple(found)

    def _listed_step(self, name: Scalar, body: Node, names: set[str]) -> Step:
        """Read a step of a list; of one with mistakes, what can be read."""
        before = len(self.problems)
        step = Step(name.value, None, None, name.position)
        with self._collected():
            check_name(name, names)
        with self._collected():
            step = self._step(name.value, body, name.position)
        if len(self.problems) > before:
            return replace(step, guessed=tuple(_assigned_below(body)))
        return step

    def _step(self, name: str, node: Node, place: Position, extra: str | None = None) -> Step:
        """Read a step's body. `extra` is a field of its own that an arm of a switch has."""
        if not isinstance(node, Mapping) or not node.entries:
            raise in_step(name, "must be a map of fields", place)
        keys = {key.value: key.position for key, _ in node.entries}
        before = len(self.problems)
        for key, position in keys.items():
            if key not in _FIELDS and key != extra:
                self._refuse(name, f"unknown field '{key}'", position)
            if key in _NEEDS and _NEEDS[key] not in keys:
                self._refuse(name, f"'{key}' needs '{_NEEDS[key]}'", position)
        actions = [key for key in keys if key in _ACTIONS]
        for other in actions[1:]:
            self._refuse(name, f"'{actions[0]}' and '{other}' in one step", keys[other])
        jump = None
        with self._collected():
            jump = self._jump(name, node)
        if not actions:
            if jump is None and len(self.problems) == before:
                raise in_step(name, "nothing to do", place)
            return Step(name, None, jump, keys.get("next", place))
        action: syntax.Action = None
        with self._collected():
            action = self._readers[actions[0]](name, node)
        return Step(name, action, jump, keys[actions[0]])

    def _jump(self, name: str, node: Mapping) -> syntax.Jump | None:
        target = node.get("next")
        if target is None:
            return None
        if not isinstance(target, Scalar) or target.value is None:
            raise in_step(name, "next must be the name of a step", target.position)
        return syntax.Jump(key_text(target.value), target.position)

    def _assign(self, name: str, node: Mapping) -> syntax.Action:
        entries = listed(name, node, "assign", ASSIGNMENTS_MAX)
        found: list[syntax.Assignment] = []
        what = f"error in step {name}: an assignment must be a map of one variable"
        for item in entries:
            with self._collected():
                key, value = only_entry(item, what)
                target = target_of(name, key, self._choices)
                found.append(syntax.Assignment(target, value, key.position))
        return syntax.Assign(tuple(found)) if found else None

    def _call(self, name: str, node: Mapping) -> syntax.Call:
        function = name_in(name, node, "call")
        if expression_text(function) is not None:
            raise in_step(name, "call must be a plain name", function.position)
        arguments = node.get("args")
        if isinstance(arguments, Scalar):
            if arguments.value is not None:
                raise in_step(name, "args must be a map or a list", arguments.position)
            arguments = None
        result = node.get("result")
        if result is not None:
            result = name_in(name, node, "result")
            check_identifier(result.value, result.position, f"error in step {name}: result")
        return syntax.Call(
            str(function.value),
            function.position,
            arguments,
            None if result is None else (str(result.value), result.position),
        )

    def _switch(self, name: str, node: Mapping) -> syntax.Switch:
        arms: list[syntax.Arm] = []
        for item in listed(name, node, "switch", CONDITIONS_MAX):
            with self._collected():
                arms.append(self._arm(name, item))
        return syntax.Switch(tuple(arms))

    def _arm(self, name: str, item: Node) -> syntax.Arm:
        condition = item.get("condition") if isinstance(item, Mapping) else None
        if condition is None:
            raise in_step(name, "each entry of switch needs a condition", item.position)
        assert isinstance(item, Mapping)
        literal = isinstance(condition, Scalar) and isinstance(condition.value, bool)
        if not literal and expression_text(condition) is None:
            self._refuse(name, "condition must be an expression or a boolean", condition.position)
        if len(item.entries) == 1:
            raise in_step(name, "a condition without anything to do", item.position)
        return syntax.Arm(condition, self._step(name, item, item.position, extra="condition"))

    def _for(self, name: str, node: Mapping) -> syntax.For:
        loop = node.get("for")
        assert loop is not None
        fields = fields_of(name, loop, "for", ("value", "index", "in", "range", "steps"))
        if (fields.get("in") is None) == (fields.get("range") is None):
            self._refuse(name, "for needs exactly one of in and range", loop.position)
            fields["in"] = Sequence((), loop.position)  # To read on with.
        body: tuple[Step, ...] = ()
        with self._collected():
            body = self._body(name, fields, loop)
        names: dict[str, str | None] = {"value": None, "index": None}
        for key in names:
            variable = fields.get(key)
            if variable is not None:
                text = variable.value if isinstance(variable, Scalar) else None
                check_identifier(text, variable.position, f"error in step {name}: {key}")
                names[key] = str(text)
        if names["value"] is None:
            raise in_step(name, "for needs a value", loop.position)
        bounds = fields.get("range")
        if isinstance(bounds, Sequence) and len(bounds.items) != 2:  # noqa: PLR2004
            raise in_step(name, "range must be a list of two numbers", bounds.position)
        return syntax.For(names["value"], names["index"], fields.get("in"), bounds, body)

    def _parallel(self, name: str, node: Mapping) -> syntax.Parallel:
        given = node.get("parallel")
        assert given is not None
        fields = fields_of(
            name,
            given,
            "parallel",
            ("shared", "concurrency_limit", "exception_policy", "branches", "for"),
        )
        assert isinstance(given, Mapping)
        loop = None
        branches: tuple[syntax.Branch, ...] = ()
        shared: tuple[tuple[str, Position], ...] = ()
        with self._collected():
            branches = self._branches(name, fields.get("branches"))
        with self._collected():
            loop = self._for(name, given) if fields.get("for") is not None else None
        with self._collected():
            shared = shared_of(name, fields.get("shared"))
        policy, limit = fields.get("exception_policy"), fields.get("concurrency_limit")
        if policy is not None and getattr(policy, "value", None) != "continueAll":
            self._refuse(name, "exception_policy must be continueAll", policy.position)
        with self._collected():
            check_limit(name, limit)
        if (fields.get("branches") is None) == (fields.get("for") is None):
            raise in_step(name, "parallel needs exactly one of branches and for", given.position)
        return syntax.Parallel(shared, limit, branches, loop)

    def _branches(self, name: str, node: Node | None) -> tuple[syntax.Branch, ...]:
        if node is None:
            return ()
        if not isinstance(node, Sequence) or not BRANCHES_MIN <= len(node.items) <= BRANCHES_MAX:
            raise in_step(
                name,
                f"branches must be a list of {BRANCHES_MIN} to {BRANCHES_MAX}",
                node.position,
            )
        found: list[syntax.Branch] = []
        names: set[str] = set()
        what = f"error in step {name}: a branch must be a map of one name"
        for item in node.items:
            with self._collected():
                key, body = only_entry(item, what)
                if key.value in names:
                    self._refuse(name, f"duplicate branch name '{key.value}'", key.position)
                names.add(key.value)
                fields = fields_of(name, body, "branch", ("steps",))
                steps = self._body(name, fields, body)
                found.append(syntax.Branch(key.value, key.position, steps))
        return tuple(found)

    def _try(self, name: str, node: Mapping) -> syntax.Try:
        body = node.get("try")
        assert body is not None
        steps: tuple[Step, ...] = ()
        policy, handler = None, None
        with self._collected():
            if isinstance(body, Sequence):
                steps = self._steps(body, f"error in step {name}")
            else:
                steps = (replace(self._step(name, body, body.position), anonymous=True),)
        with self._collected():
            retry = node.get("retry")
            policy = None if retry is None else _retry(name, retry)
        with self._collected():
            handler = None if node.get("except") is None else self._except(name, node)
        return syntax.Try(steps, policy, handler)

    def _except(self, name: str, step: Mapping) -> syntax.Except:
        key, node = next(entry for entry in step.entries if entry[0].value == "except")
        fields = fields_of(name, node, "except", ("as", "steps"))
        variable = fields.get("as")
        if variable is not None:
            text = variable.value if isinstance(variable, Scalar) else None
            check_identifier(text, variable.position, f"error in step {name}: as")
        body = self._body(name, fields, node)
        bound = variable.value if isinstance(variable, Scalar) else None
        return syntax.Except(key.position, bound, body)

    def _raise(self, _name: str, node: Mapping) -> syntax.Raise:
        return syntax.Raise(present(node, "raise"))

    def _return(self, _name: str, node: Mapping) -> syntax.Return:
        return syntax.Return(present(node, "return"))

    def _block(self, name: str, node: Mapping) -> syntax.Block:
        return syntax.Block(self._steps(present(node, "steps"), f"error in step {name}"))

    def _body(self, name: str, fields: dict[str, Node], place: Node) -> tuple[Step, ...]:
        if fields.get("steps") is None:
            raise in_step(name, "steps are missing", place.position)
        return self._steps(fields["steps"], f"error in step {name}")


def named(routine: str) -> str:
    """Return how problems call a routine."""
    return "main workflow" if routine == "main" else f"subworkflow {routine}"


def _assigned_below(node: Node) -> Iterator[str]:
    """Yield the variables that a step with mistakes may have meant to assign."""
    nodes = [node]
    while nodes:
        one = nodes.pop()
        if isinstance(one, Sequence):
            nodes += one.items
        if not isinstance(one, Mapping):
            continue
        for key, value in one.entries:
            nodes.append(value)
            if key.value in ("result", "value", "index", "as") and isinstance(value, Scalar):
                yield str(value.value)
            elif key.value == "assign" and isinstance(value, Sequence):
                maps = (item for item in value.items if isinstance(item, Mapping))
                yield from (target.value for item in maps for target, _ in item.entries)


def _retry(name: str, node: Node) -> syntax.Retry:
    policy = expression_text(node)
    if policy is not None:
        if policy.strip() not in POLICIES:
            raise in_step(name, f"unknown retry policy '{policy.strip()}'", node.position)
        return syntax.Retry(policy.strip(), None, None, None, node.position)
    fields = fields_of(name, node, "retry", ("predicate", "max_retries", "backoff"))
    backoff = fields.get("backoff")
    if isinstance(backoff, Mapping):
        fields_of(name, backoff, "backoff", ("initial_delay", "max_delay", "multiplier"))
    predicate = fields.get("predicate")
    reference = None if predicate is None else expression_text(predicate)
    if predicate is not None and reference is None:
        raise in_step(name, "predicate must be a reference such as ${name}", predicate.position)
    return syntax.Retry(
        None,
        None if reference is None else reference.strip(),
        fields.get("max_retries"),
        backoff,
        node.position,
    )
