"""Which variable a name means where it stands, decided before anything runs.

A routine is one scope; bodies of `for`, `except` and parallel branches have their own for the
names that are new there. Source: reference/workflows.md 1.3 and 1.5.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from local_cloud.workflows.language import grammar, syntax
from local_cloud.workflows.language.choices import DEFAULT, Choices
from local_cloud.workflows.language.faults import BuildError, Position
from local_cloud.workflows.language.syntax import Step


@dataclass(slots=True)
class Variable:
    """`cell`: it is shared between parallel branches, so it lives in a list of one element.

    `unassigned` is the tag of the error of reading it before it has a value. `guessed`: only a
    step with mistakes may have meant to assign it, so nothing else is held against its use.
    """

    name: str
    slot: int
    scope: "Scope"
    cell: bool = False
    unassigned: str = DEFAULT.unassigned
    guessed: bool = False


@dataclass(slots=True)
class Scope:
    """`shared` is None outside of a branch; in one, the names it may write in its parents."""

    parent: "Scope | None" = None
    shared: frozenset[str] | None = None
    names: dict[str, Variable] = field(default_factory=dict)

    def find(self, name: str) -> Variable | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None

    def may_write(self, variable: Variable) -> bool:
        """Whether every branch between here and the variable's home shares it."""
        if variable.guessed:
            return True
        scope: Scope | None = self
        while scope is not None and scope is not variable.scope:
            if scope.shared is not None and variable.name not in scope.shared:
                return False
            scope = scope.parent
        return True


class Analysis:
    """The scopes of one routine, by the identity of what opens them."""

    def __init__(
        self, routine: syntax.RoutineOf, slots_before: int, choices: Choices = DEFAULT
    ) -> None:
        self._choices = choices
        self.problems: list[BuildError] = []
        self.slot_count = slots_before
        self._scopes: dict[int, Scope] = {}
        self.root = Scope()
        for parameter in routine.parameters:
            self._declare(self.root, parameter.name)
        self._fill(self.root, routine.steps)

    def scope_of(self, opener: object) -> Scope:
        """Return the scope of a For, Except or Branch."""
        return self._scopes[id(opener)]

    def variables(self) -> Iterator[Variable]:
        """Yield every variable of the routine, in the order of their scopes."""
        for scope in (self.root, *self._scopes.values()):
            yield from scope.names.values()

    def new_slot(self) -> int:
        self.slot_count += 1
        return self.slot_count - 1

    def _declare(self, scope: Scope, name: str) -> None:
        if name not in scope.names:
            scope.names[name] = Variable(
                name, self.new_slot(), scope, unassigned=self._choices.unassigned
            )

    def _fill(self, scope: Scope, steps: Sequence[Step]) -> None:
        """Declare what is new in `steps`; then the scopes inside, which see all of it."""
        inner: list[Step] = []
        for step in _same_scope(steps, inner):
            for name in _assigned(step.action):
                if scope.find(name) is None:
                    self._declare(scope, name)
            for name in step.guessed:
                if scope.find(name) is None:
                    self._declare(scope, name)
                    scope.names[name].guessed = True
        for step in inner:
            self._open(scope, step)

    def _open(self, scope: Scope, step: Step) -> None:
        action = step.action
        if isinstance(action, syntax.For):
            self._loop(scope, action, None)
        elif isinstance(action, syntax.Try) and action.handler is not None:
            child = self._child(scope, action.handler, None)
            if action.handler.name is not None:
                self._declare(child, action.handler.name)
            self._fill(child, action.handler.body)
        elif isinstance(action, syntax.Parallel):
            shared = frozenset(name for name, _ in action.shared)
            for name, position in action.shared:
                self._share(scope, step, name, position)
            if action.loop is not None:
                self._loop(scope, action.loop, shared)
            for branch in action.branches:
                self._fill(self._child(scope, branch, shared), branch.body)

    def _share(self, scope: Scope, step: Step, name: str, position: Position) -> None:
        variable = scope.find(name)
        if variable is None:
            self.problems.append(
                BuildError(
                    f"error in step {step.name}: shared variable '{name}' is not a variable of"
                    " an enclosing scope",
                    position,
                )
            )
        else:
            variable.cell = True

    def _loop(self, scope: Scope, loop: syntax.For, shared: frozenset[str] | None) -> None:
        child = self._child(scope, loop, shared)
        self._declare(child, loop.value)
        if loop.index is not None:
            self._declare(child, loop.index)
        self._fill(child, loop.body)

    def _child(self, scope: Scope, opener: object, shared: frozenset[str] | None) -> Scope:
        child = Scope(scope, shared)
        self._scopes[id(opener)] = child
        return child


def _same_scope(steps: Sequence[Step], inner: list[Step]) -> Iterator[Step]:
    """Yield the steps of one scope; those that open another are put into `inner`."""
    for step in steps:
        yield step
        action = step.action
        if isinstance(action, syntax.Block):
            yield from _same_scope(action.body, inner)
        elif isinstance(action, syntax.Switch):
            yield from _same_scope([arm.body for arm in action.arms], inner)
        elif isinstance(action, syntax.Try):
            yield from _same_scope(action.body, inner)
            inner.append(step)
        elif isinstance(action, syntax.For | syntax.Parallel):
            inner.append(step)


def _assigned(action: syntax.Action) -> Iterator[str]:
    if isinstance(action, syntax.Assign):
        for entry in action.entries:
            if isinstance(entry.target, grammar.Name):
                yield entry.target.name
    elif isinstance(action, syntax.Call) and action.result is not None:
        yield action.result[0]
