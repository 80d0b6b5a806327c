"""Compiles for, try (with retry and except) and parallel."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from local_cloud.workflows.engine import block_operations, operations
from local_cloud.workflows.engine.emitter import Context, Emitter, Label, Targets
from local_cloud.workflows.engine.expressions import Sites
from local_cloud.workflows.engine.literals import constant, is_constant, located
from local_cloud.workflows.engine.program import Evaluate, Operation, Routine
from local_cloud.workflows.language import syntax
from local_cloud.workflows.language.faults import Position
from local_cloud.workflows.language.fields import present
from local_cloud.workflows.language.scopes import Scope
from local_cloud.workflows.language.source import Mapping, Node, Sequence
from local_cloud.workflows.language.syntax import Step
from local_cloud.workflows.language.values import member
from local_cloud.workflows.stdlib import library


class BlockSteps(Emitter):
    def _for(self, step: Step, action: syntax.For, context: Context, after: Label) -> None:
        sites = self._sites()
        evaluate, position = self._range(action, context, sites)
        scope = self._analysis.scope_of(action)
        clear, slot = operations.fresh(scope), self._analysis.new_slot()
        following = Label(self._here() + 1)
        whole = self._new_block("STEP_FOR", step.name, step.position)
        each = self._new_block("STEP_FOR_ITERATION", step.name, step.position)
        self._emit_with(
            sites,
            lambda _: block_operations.for_begin(
                evaluate,
                clear,
                slot,
                position,
                of_numbers=action.bounds is not None,
                next_pc=following.pc,
            ),
            context,
            context.place(step.position, "STEP_FOR", opens=(whole,)),
        )
        names = (action.value,) if action.index is None else (action.value, action.index)
        value = operations.store_variable(scope.names[action.value])
        index = (
            None if action.index is None else operations.store_variable(scope.names[action.index])
        )
        self._emit(
            lambda here: block_operations.for_next(slot, value, index, here + 1, after.pc),
            context,
            context.within(whole).place(
                step.position, "STEP_FOR_ITERATION", opens=(each,), names=names, scope=scope
            ),
        )
        inner = replace(context, scope=scope, break_=after, continue_=following)
        if self._choices.jump_out_of_for == "reject":
            inner = replace(inner, targets=Targets(outer=context.targets, wall="a for loop"))
        inner = inner.within(whole, each)
        self._steps(action.body, inner, following)

    def _range(
        self, action: syntax.For, context: Context, sites: Sites
    ) -> tuple[Evaluate, Position]:
        node = action.items if action.items is not None else action.bounds
        assert node is not None
        what = "for in" if action.items is not None else "for range"
        if not isinstance(node, Sequence) and is_constant(node):
            self._refuse(context, f"{what} must be a list", node.position)
        return self._evaluated(node, context, sites, what), node.position

    def _try(self, step: Step, action: syntax.Try, context: Context, after: Label) -> None:
        whole = self._new_block("STEP_TRY_RETRY_EXCEPT", step.name, step.position)
        attempt = self._new_block("STEP_TRY", step.name, step.position)
        if action.retry is None and action.handler is None:
            self._steps(action.body, context.within(whole, attempt), after)
            return
        caught, attempts = self._analysis.new_slot(), self._analysis.new_slot()
        decide, handle = Label(), Label()
        plan = None if action.retry is None else self._plan(action.retry, context)
        self._emit(
            lambda here: block_operations.try_begin(attempts, here + 1),
            context,
            context.place(step.position, "STEP_TRY_RETRY_EXCEPT", opens=(whole, attempt)),
        )
        body_pc = self._here()
        target = handle if plan is None else decide
        inside = replace(context.within(whole, attempt), handler=(caught, target))
        self._steps(action.body, inside, after)
        context = context.within(whole)
        if plan is not None:
            give_up = None if action.handler is None else handle
            decide.pc = self._retry(step, plan, (caught, attempts, body_pc), give_up, context)
        if action.handler is not None:
            handle.pc = self._except(step, action.handler, caught, context, after)

    def _retry(
        self,
        step: Step,
        plan: block_operations.RetryPlan,
        body: tuple[int, int, int],
        give_up: Label | None,
        context: Context,
    ) -> int:
        """Emit what decides on another attempt. `body`: slots of fault and attempts, and its pc."""
        caught, attempts, body_pc = body
        deciding = context
        if self._choices.predicate_error == "gives_up":
            resigning = Label(self._here())
            deciding = replace(context, handler=(self._analysis.new_slot(), resigning))
            self._emit(
                lambda _: block_operations.resign(caught, give_up.pc if give_up else None),
                context,
                context.place(step.position),
            )
        return self._emit(
            lambda here: block_operations.retry(
                plan,
                caught,
                attempts,
                body_pc=body_pc,
                give_up=give_up.pc if give_up else None,
                here=here,
            ),
            deciding,
            context.place(step.position, "STEP_RETRY"),
        )

    def _except(
        self, step: Step, handler: syntax.Except, caught: int, context: Context, after: Label
    ) -> int:
        scope = self._analysis.scope_of(handler)
        clear = operations.fresh(scope)
        store = (
            None if handler.name is None else operations.store_variable(scope.names[handler.name])
        )
        block = self._new_block("STEP_EXCEPT", step.name, handler.position)
        names = () if handler.name is None else (handler.name,)
        pc = self._emit(
            lambda here: block_operations.except_begin(caught, store, clear, here + 1),
            context,
            context.place(
                handler.position, "STEP_EXCEPT", opens=(block,), names=names, scope=scope
            ),
        )
        self._steps(handler.body, replace(context.within(block), scope=scope), after)
        return pc

    def _plan(self, given: syntax.Retry, context: Context) -> block_operations.RetryPlan:
        ready = library.POLICIES.get(given.policy or "", library.POLICIES["http.default_retry"])
        predicate: Callable[[Any], bool] | None = ready.predicate
        routine: Routine | None = None
        if given.policy is None:
            predicate, routine = self._predicate(given, context)
        defaults = {
            "initial_delay": ready.initial_delay,
            "max_delay": ready.max_delay,
            "multiplier": ready.multiplier,
        }
        backoff = self._backoff(given.backoff, defaults, context)
        retries = (
            constant(ready.max_retries)
            if given.max_retries is None
            else self._evaluated(given.max_retries, context, self._no_calls(), "max_retries")
        )
        return block_operations.RetryPlan(predicate, routine, retries, *backoff)

    def _predicate(
        self, given: syntax.Retry, context: Context
    ) -> tuple[Callable[[Any], bool] | None, Routine | None]:
        name = given.predicate
        if name is None:
            return None, None
        if name in self._routines:
            wanted = self._signatures[name]
            if wanted is not None and (not wanted or sum(p.default is None for p in wanted) > 1):
                self._refuse(context, f"predicate '{name}' must take one argument", given.position)
            return None, self._routines[name]
        if name in library.PREDICATES:
            return library.PREDICATES[name], None
        self._refuse(
            context,
            f"symbol '{name}' is neither a variable nor a sub-workflow name",
            given.position,
        )
        return None, None

    def _backoff(
        self, node: Node | None, defaults: dict[str, float], context: Context
    ) -> tuple[Evaluate, Evaluate, Evaluate]:
        if isinstance(node, Mapping):
            parts = [
                constant(default)
                if node.get(name) is None
                else self._evaluated(present(node, name), context, self._no_calls(), name)
                for name, default in defaults.items()
            ]
        elif node is None:
            parts = [constant(default) for default in defaults.values()]
        else:
            whole = self._evaluated(node, context, self._no_calls(), "backoff")
            parts = [_part(whole, name) for name in defaults]
        return parts[0], parts[1], parts[2]

    def _parallel(
        self, step: Step, action: syntax.Parallel, context: Context, after: Label
    ) -> None:
        sites, limit = self._sites(), None
        if action.concurrency_limit is not None:
            limit = self._evaluated(action.concurrency_limit, context, sites, "concurrency_limit")
        if action.loop is not None:
            self._parallel_for(step, action.loop, (sites, limit), context, after)
            return
        scopes = [self._analysis.scope_of(branch) for branch in action.branches]
        labels = [Label() for _ in action.branches]

        def build(here: int) -> Operation:
            plans = [
                block_operations.BranchPlan(branch.name, label.pc, operations.fresh(scope))
                for branch, label, scope in zip(action.branches, labels, scopes, strict=True)
            ]
            branches = block_operations.branches_of(plans)
            return block_operations.parallel(branches, limit, after.pc, here)

        whole = self._new_block("STEP_PARALLEL_BRANCH", step.name, step.position)
        blocks = tuple(
            self._new_block("STEP_PARALLEL_BRANCH_ENTRY", branch.name, branch.position)
            for branch in action.branches
        )
        self._emit_with(
            sites,
            build,
            context,
            context.place(step.position, "STEP_PARALLEL_BRANCH", opens=(whole, *blocks)),
        )
        parts = zip(action.branches, labels, scopes, blocks, strict=True)
        for branch, label, scope, block in parts:
            label.pc = self._here()
            self._branch_body(branch.body, scope, context.within(whole, block), step)

    def _parallel_for(
        self,
        step: Step,
        loop: syntax.For,
        limited: tuple[Sites, Evaluate | None],
        context: Context,
        after: Label,
    ) -> None:
        sites, limit = limited
        evaluate, position = self._range(loop, context, sites)
        scope = self._analysis.scope_of(loop)
        clear = operations.fresh(scope)
        value = operations.store_variable(scope.names[loop.value])
        index = None if loop.index is None else operations.store_variable(scope.names[loop.index])
        items = located(evaluate, position)

        def build(here: int) -> Operation:
            plan = block_operations.BranchPlan("", here + 1, clear)
            iterations = block_operations.iterations_of(
                items, plan, value, index, of_numbers=loop.bounds is not None
            )
            return block_operations.parallel(iterations, limit, after.pc, here)

        whole = self._new_block("STEP_PARALLEL_FOR", step.name, step.position)
        each = self._new_block("STEP_FOR_ITERATION", step.name, step.position)
        names = (loop.value,) if loop.index is None else (loop.value, loop.index)
        place = context.place(
            step.position, "STEP_PARALLEL_FOR", opens=(whole, each), names=names, scope=scope
        )
        self._emit_with(sites, build, context, place)
        self._branch_body(loop.body, scope, context.within(whole, each), step, loop=True)

    def _branch_body(
        self,
        body: tuple[Step, ...],
        scope: Scope,
        context: Context,
        step: Step,
        *,
        loop: bool = False,
    ) -> None:
        end = Label()
        inner = Context(
            scope,
            Targets(outer=context.targets, wall="a parallel branch"),
            context.end,
            end,
            continue_=end if loop else None,
            in_branch=True,
            step=step.name,
            blocks=context.blocks,
        )
        self._steps(body, inner, end)
        end.pc = self._emit(lambda _: operations.end, inner, inner.place(step.position))


def _part(whole: Evaluate, name: str) -> Evaluate:
    return lambda v: member(whole(v), name)
