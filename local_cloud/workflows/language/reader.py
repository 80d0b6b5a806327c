"""Reads the source's tree into `syntax`, and refuses what the schema of steps does not allow.

Problems are collected step by step, so that `check` can show all of them at once.
Source: reference/workflows.md 1.1, 1.2 and 1.7.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from local_cloud.workflows.language import grammar, syntax
from local_cloud.workflows.language.choices import DEFAULT, Choices
from local_cloud.workflows.language.faults import BuildError, Position
from local_cloud.workflows.language.source import Mapping, Node, Scalar, Sequence
from local_cloud.workflows.language.syntax import Step, expression_text
from local_cloud.workflows.language.tokens import WORD_OPERATORS
from local_cloud.workflows.stdlib.library import POLICIES

ASSIGNMENTS_MAX: Final = 50
CONDITIONS_MAX: Final = 50
BRANCHES_MAX: Final = 10
BRANCHES_MIN: Final = 2
PARAMETERS_MAX: Final = 10
RESERVED: Final = frozenset({"end", "break", "continue"})
WORDS: Final = frozenset((*grammar.CONSTANTS, *WORD_OPERATORS))
"""What expressions read as something else than a variable."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
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
        _identifier(name, key.position, f"{where}: subworkflow name")
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
        self.problems.append(_in_step(step, message, position))

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
        found = tuple(_parameter(item, where) for item in node.items)
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
                name, body = _only_entry(item, f"{where}: a step must be a map of one name")
                found.append(self._listed_step(name, body, names))
        return tuple(found)

    def _listed_step(self, name: Scalar, body: Node, names: set[str]) -> Step:
        """Read a step of a list; of one with mistakes, what can be read."""
        before = len(self.problems)
        step = Step(name.value, None, None, name.position)
        with self._collected():
            _check_name(name, names)
        with self._collected():
            step = self._step(name.value, body, name.position)
        if len(self.problems) > before:
            return replace(step, guessed=tuple(_assigned_below(body)))
        return step

    def _step(self, name: str, node: Node, place: Position, extra: str | None = None) -> Step:
        """Read a step's body. `extra` is a field of its own that an arm of a switch has."""
        if not isinstance(node, Mapping) or not node.entries:
            raise _in_step(name, "must be a map of fields", place)
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
                raise _in_step(name, "nothing to do", place)
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
            raise _in_step(name, "next must be the name of a step", target.position)
        return syntax.Jump(_key(target.value), target.position)

    def _assign(self, name: str, node: Mapping) -> syntax.Action:
        entries = _listed(name, node, "assign", ASSIGNMENTS_MAX)
        found: list[syntax.Assignment] = []
        what = f"error in step {name}: an assignment must be a map of one variable"
        for item in entries:
            with self._collected():
                key, value = _only_entry(item, what)
                target = _target(name, key, self._choices)
                found.append(syntax.Assignment(target, value, key.position))
        return syntax.Assign(tuple(found)) if found else None

    def _call(self, name: str, node: Mapping) -> syntax.Call:
        function = _scalar(name, node, "call")
        if expression_text(function) is not None:
            raise _in_step(name, "call must be a plain name", function.position)
        arguments = node.get("args")
        if isinstance(arguments, Scalar):
            if arguments.value is not None:
                raise _in_step(name, "args must be a map or a list", arguments.position)
            arguments = None
        result = node.get("result")
        if result is not None:
            result = _scalar(name, node, "result")
            _identifier(result.value, result.position, f"error in step {name}: result")
        return syntax.Call(
            str(function.value),
            function.position,
            arguments,
            None if result is None else (str(result.value), result.position),
        )

    def _switch(self, name: str, node: Mapping) -> syntax.Switch:
        arms: list[syntax.Arm] = []
        for item in _listed(name, node, "switch", CONDITIONS_MAX):
            with self._collected():
                arms.append(self._arm(name, item))
        return syntax.Switch(tuple(arms))

    def _arm(self, name: str, item: Node) -> syntax.Arm:
        condition = item.get("condition") if isinstance(item, Mapping) else None
        if condition is None:
            raise _in_step(name, "each entry of switch needs a condition", item.position)
        assert isinstance(item, Mapping)
        literal = isinstance(condition, Scalar) and isinstance(condition.value, bool)
        if not literal and expression_text(condition) is None:
            self._refuse(name, "condition must be an expression or a boolean", condition.position)
        if len(item.entries) == 1:
            raise _in_step(name, "a condition without anything to do", item.position)
        return syntax.Arm(condition, self._step(name, item, item.position, extra="condition"))

    def _for(self, name: str, node: Mapping) -> syntax.For:
        loop = node.get("for")
        assert loop is not None
        fields = _fields(name, loop, "for", ("value", "index", "in", "range", "steps"))
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
                _identifier(text, variable.position, f"error in step {name}: {key}")
                names[key] = str(text)
        if names["value"] is None:
            raise _in_step(name, "for needs a value", loop.position)
        bounds = fields.get("range")
        if isinstance(bounds, Sequence) and len(bounds.items) != 2:  # noqa: PLR2004
            raise _in_step(name, "range must be a list of two numbers", bounds.position)
        return syntax.For(names["value"], names["index"], fields.get("in"), bounds, body)

    def _parallel(self, name: str, node: Mapping) -> syntax.Parallel:
        given = node.get("parallel")
        assert given is not None
        fields = _fields(
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
            shared = _shared(name, fields.get("shared"))
        policy, limit = fields.get("exception_policy"), fields.get("concurrency_limit")
        if policy is not None and getattr(policy, "value", None) != "continueAll":
            self._refuse(name, "exception_policy must be continueAll", policy.position)
        with self._collected():
            _check_limit(name, limit)
        if (fields.get("branches") is None) == (fields.get("for") is None):
            raise _in_step(name, "parallel needs exactly one of branches and for", given.position)
        return syntax.Parallel(shared, limit, branches, loop)

    def _branches(self, name: str, node: Node | None) -> tuple[syntax.Branch, ...]:
        if node is None:
            return ()
        if not isinstance(node, Sequence) or not BRANCHES_MIN <= len(node.items) <= BRANCHES_MAX:
            raise _in_step(
                name,
                f"branches must be a list of {BRANCHES_MIN} to {BRANCHES_MAX}",
                node.position,
            )
        found: list[syntax.Branch] = []
        names: set[str] = set()
        what = f"error in step {name}: a branch must be a map of one name"
        for item in node.items:
            with self._collected():
                key, body = _only_entry(item, what)
                if key.value in names:
                    self._refuse(name, f"duplicate branch name '{key.value}'", key.position)
                names.add(key.value)
                fields = _fields(name, body, "branch", ("steps",))
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
        fields = _fields(name, node, "except", ("as", "steps"))
        variable = fields.get("as")
        if variable is not None:
            text = variable.value if isinstance(variable, Scalar) else None
            _identifier(text, variable.position, f"error in step {name}: as")
        body = self._body(name, fields, node)
        bound = variable.value if isinstance(variable, Scalar) else None
        return syntax.Except(key.position, bound, body)

    def _raise(self, _name: str, node: Mapping) -> syntax.Raise:
        return syntax.Raise(_present(node, "raise"))

    def _return(self, _name: str, node: Mapping) -> syntax.Return:
        return syntax.Return(_present(node, "return"))

    def _block(self, name: str, node: Mapping) -> syntax.Block:
        return syntax.Block(self._steps(_present(node, "steps"), f"error in step {name}"))

    def _body(self, name: str, fields: dict[str, Node], place: Node) -> tuple[Step, ...]:
        if fields.get("steps") is None:
            raise _in_step(name, "steps are missing", place.position)
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


def _check_name(name: Scalar, names: set[str]) -> None:
    """Refuse a step's name that is reserved or stands in the same list already."""
    if name.value in RESERVED:
        raise _in_step(name.value, f"'{name.value}' is a reserved name", name.position)
    if name.value in names:
        raise _in_step(name.value, "duplicate step name", name.position)
    names.add(name.value)


def _check_limit(name: str, node: Node | None) -> None:
    """Refuse a concurrency_limit that is neither a positive integer nor an expression."""
    limit = node.value if isinstance(node, Scalar) else node
    if limit is None or (isinstance(limit, str) and limit.startswith("${")):
        return
    if type(limit) is not int or limit < 1:
        assert node is not None
        raise _in_step(name, "concurrency_limit must be a positive integer", node.position)


def _in_step(name: str, message: str, position: Position | None) -> BuildError:
    return BuildError(f"error in step {name}: {message}", position)


def _present(node: Mapping, name: str) -> Node:
    found = node.get(name)
    assert found is not None
    return found


def _only_entry(node: Node, message: str) -> tuple[Scalar, Node]:
    if not isinstance(node, Mapping) or len(node.entries) != 1:
        raise BuildError(message, node.position)
    return node.entries[0]


def _key(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _scalar(name: str, node: Mapping, field: str) -> Scalar:
    found = node.get(field)
    if not isinstance(found, Scalar) or not isinstance(found.value, str):
        position = found.position if found else node.position
        raise _in_step(name, f"{field} must be a name", position)
    return found


def _identifier(value: object, position: Position, what: str) -> None:
    if value in WORDS and isinstance(value, str):
        raise BuildError(f"{what} is '{value}', a word of the language", position)
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise BuildError(
            f"{what} must start with a letter or underscore, and have only letters, digits"
            f" and underscores: '{value}'",
            position,
        )


def _listed(name: str, node: Mapping, field: str, most: int) -> tuple[Node, ...]:
    found = _present(node, field)
    if not isinstance(found, Sequence) or not found.items:
        raise _in_step(name, f"{field} must be a list of at least one entry", found.position)
    if len(found.items) > most:
        raise _in_step(
            name, f"{field} has {len(found.items)} entries: at most {most}", found.position
        )
    return found.items


def _fields(name: str, node: Node, what: str, allowed: Iterable[str]) -> dict[str, Node]:
    if not isinstance(node, Mapping):
        raise _in_step(name, f"{what} must be a map", node.position)
    for key, _ in node.entries:
        if key.value not in tuple(allowed):
            raise _in_step(name, f"unknown field '{key.value}' of {what}", key.position)
    return {key.value: value for key, value in node.entries}


def _parameter(node: Node, where: str) -> syntax.ParameterOf:
    if isinstance(node, Scalar):
        _identifier(node.value, node.position, f"{where}: param")
        return syntax.ParameterOf(str(node.value), None, node.position)
    key, default = _only_entry(node, f"{where}: a param must be a name or a map of one name")
    _identifier(key.value, key.position, f"{where}: param")
    return syntax.ParameterOf(key.value, default, key.position)


def _target(step: str, key: Scalar, choices: Choices) -> grammar.Expression:
    try:
        target = grammar.parse(key.value, choices)
    except BuildError as error:
        raise _in_step(
            step, f"error parsing assignment target '{key.value}': {error.message}", key.position
        ) from None
    base = target
    while isinstance(base, grammar.Member):
        base = base.holder
    if not isinstance(base, grammar.Name):
        raise _in_step(step, f"'{key.value}' cannot be assigned to", key.position)
    return target


def _shared(name: str, node: Node | None) -> tuple[tuple[str, Position], ...]:
    if node is None:
        return ()
    if not isinstance(node, Sequence):
        raise _in_step(name, "shared must be a list of variables", node.position)
    found: list[tuple[str, Position]] = []
    for item in node.items:
        text = item.value if isinstance(item, Scalar) else None
        _identifier(text, item.position, f"error in step {name}: shared")
        if any(known == text for known, _ in found):
            raise _in_step(name, f"shared variable '{text}' is listed twice", item.position)
        found.append((str(text), item.position))
    return tuple(found)


def _retry(name: str, node: Node) -> syntax.Retry:
    policy = expression_text(node)
    if policy is not None:
        if policy.strip() not in POLICIES:
            raise _in_step(name, f"unknown retry policy '{policy.strip()}'", node.position)
        return syntax.Retry(policy.strip(), None, None, None, node.position)
    fields = _fields(name, node, "retry", ("predicate", "max_retries", "backoff"))
    backoff = fields.get("backoff")
    if isinstance(backoff, Mapping):
        _fields(name, backoff, "backoff", ("initial_delay", "max_delay", "multiplier"))
    predicate = fields.get("predicate")
    reference = None if predicate is None else expression_text(predicate)
    if predicate is not None and reference is None:
        raise _in_step(name, "predicate must be a reference such as ${name}", predicate.position)
    return syntax.Retry(
        None,
        None if reference is None else reference.strip(),
        fields.get("max_retries"),
        backoff,
        node.position,
    )
