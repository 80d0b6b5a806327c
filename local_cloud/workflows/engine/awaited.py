"""Routines around procedures, so that an expression can call them as it calls a subworkflow.

What such a routine fails with is shown as the failure of the step whose expression it stands in.
"""

from typing import Any

from local_cloud.workflows.engine.effects import HttpCall
from local_cloud.workflows.engine.endings import stack_of
from local_cloud.workflows.engine.program import UNSET, Frame, Operation, Place, Routine
from local_cloud.workflows.language.faults import Fault, Position
from local_cloud.workflows.stdlib.registry import Procedure

_NOWHERE = Place("", Position(0, 0, 0))


def routine_of(name: str, procedure: Procedure) -> Routine:
    """Return a routine that runs `procedure` on its parameters and returns its value.

    Every argument has to be given: it knows no defaults.
    """
    wanted = procedure.parameters
    result = len(wanted) + 1
    return Routine(
        name,
        parameters=tuple(one.name for one in wanted),
        slots=tuple(range(1, result)),
        defaults=(None,) * len(wanted),
        code=[_run(procedure, result), _give(result)],
        places=[_NOWHERE, _NOWHERE],
        handlers=[None, None],
        template=[UNSET] * (result + 1),
    )


def _run(procedure: Procedure, result: int) -> Operation:
    def op(f: Frame) -> int:
        v = f.variables
        f.pc = 0
        running = procedure.run(v[0], *v[1:result])
        asked = False

        def on(outcome: Any) -> int:
            nonlocal asked
            try:
                effect = running.send(outcome)
            except StopIteration as done:
                v[result] = done.value
                return 1
            except Fault as error:
                error.stack = stack_of(f.caller)
                raise
            if isinstance(effect, HttpCall):
                v[0].steps_left -= asked
                asked = True
            return int(v[0].wait(f, effect, lambda value: value, on))

        return on(None)

    return op


def _give(result: int) -> Operation:
    def op(f: Frame) -> int:
        v = f.variables
        v[0].steps_left += 1  # Only the call is a step.
        return int(v[0].returned(f, v[result]))

    return op
