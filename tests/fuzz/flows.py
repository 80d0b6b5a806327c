"""Draws workflows whose steps nest, jump, call, branch and fail: what single expressions do not."""

import json
import random
from dataclasses import dataclass, replace
from typing import Any, Final

Step = dict[str, Any]
_NUMBERS: Final = (
    "${n + 1}",
    "${n * 2}",
    "${one(n)}",
    "${one(1) + two(n)}",
    "${fails(n)}",
    "${l[n]}",
)
_CONDITIONS: Final = (
    *("${n > 3}", "${one(n) > 2}", "${n % 2 == 0 and two(n) > 1}", "${n}", "${true}", "${m.no}"),
)
_LISTS: Final[tuple[Any, ...]] = ("${[1, n, one(2)]}", "${l}", [], "${m}", "${[fails(3), 2]}")
_BACKOFF: Final = {"initial_delay": 1, "max_delay": 4, "multiplier": 2}


@dataclass(frozen=True, slots=True)
class _Where:
    """What may stand here. `names` are the steps that a jump reaches."""

    depth: int
    names: tuple[str, ...] = ()
    in_loop: bool = False
    in_branch: bool = False


class Flows:
    """Draws sources from one `rng`."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._count = 0

    def source(self) -> str:
        begin = {"begin": {"assign": [{"n": 0}, {"l": [3, 1, 2]}, {"m": {"k": 1}}, {"left": 5}]}}
        where = _Where(4)
        routines = {
            "main": {"steps": [begin, *self._steps(where), {"last": {"return": ["${n}", "${l}"]}}]},
            "one": {"params": ["x", {"y": 1}], "steps": [{"r": {"return": "${x + y}"}}]},
            "two": {"params": ["n"], "steps": self._called()},
            "fails": {
                "params": ["x"],
                "steps": [{"r": {"raise": {"code": "${x}", "tags": ["T"]}}}],
            },
            "retried": {
                "params": ["e"],
                "steps": [{"r": {"return": self._one("${true}", "${one(1) == 2}", 5)}}],
            },
        }
        return json.dumps(routines, indent=1)

    def _called(self) -> list[Step]:
        begin = {"b": {"assign": [{"l": [1, 2]}, {"m": {}}, {"left": 2}]}}
        return [begin, *self._steps(_Where(2)), {"r": {"return": "${n}"}}]

    def _one(self, *values: Any) -> Any:
        return self._rng.choice(values)

    def _name(self) -> str:
        self._count += 1
        return f"s{self._count}"

    def _steps(self, where: _Where) -> list[Step]:
        names = tuple(self._name() for _ in range(self._rng.randint(1, 3)))
        inner = replace(where, depth=where.depth - 1, names=(*where.names, *names))
        return [{name: self._step(inner)} for name in names]

    def _step(self, where: _Where) -> Step:
        plain = (self._assign, self._call, self._raise, self._jump, self._wait, self._assign)
        deep = (self._for, self._try, self._parallel, self._switch, self._block)
        kind = self._rng.choice(plain if where.depth <= 0 or self._rng.random() < 0.45 else deep)
        return kind(where)

    def _assign(self, _: _Where) -> Step:
        entries: list[Step] = [
            {"n": self._one(*_NUMBERS)},
            {"l": "${list.concat(l, n)}"},
            {"l[one(0)]": "${two(n)}"} if self._rng.random() < 0.2 else {"l[0]": "${n}"},
            {"m.k": ["${n}", "${one(n)}"]},
        ]
        return {"assign": self._rng.sample(entries, self._rng.randint(1, 2))}

    def _call(self, _: _Where) -> Step:
        name = self._one("one", "two", "fails", "one")
        key = "n" if name == "two" else "x"
        return {"call": name, "args": {key: self._one("${n}", "${one(n)}")}, "result": "n"}

    def _wait(self, _: _Where) -> Step:
        step: Step = self._one(
            {"call": "sys.sleep", "args": {"seconds": "${one(1)}"}},
            {"call": "sys.log", "args": {"text": "${n}"}},
            {"call": "http.get", "args": {"url": "http://x/"}, "result": "got"},
            {
                "call": "googleapis.pubsub.v1.projects.topics.get",
                "args": {"topic": "projects/p/topics/t"},
            },
            {"assign": [{"cb": "${events.create_callback_endpoint()}"}]},
        )
        return step

    def _raise(self, _: _Where) -> Step:
        return {"raise": self._one("text", {"code": "${n}"}, "${fails(1)}")}

    def _jump(self, where: _Where) -> Step:
        """Jumps back are counted down, so that most flows end."""
        targets = list(where.names)
        if where.in_loop:
            targets += ["break", "continue"]
        if not where.in_branch:
            targets.append("end")
        target = self._rng.choice(targets)
        return {
            "switch": [
                {"condition": "${left <= 0}", "assign": [{"m.x": 1}]},
                {
                    "condition": self._one(*_CONDITIONS),
                    "steps": [
                        {self._name(): {"assign": [{"left": "${left - 1}"}], "next": target}}
                    ],
                },
            ]
        }

    def _switch(self, where: _Where) -> Step:
        arms = [
            {"condition": self._one(*_CONDITIONS), **self._step(where)}
            for _ in range(self._rng.randint(1, 2))
        ]
        return {"switch": arms}

    def _block(self, where: _Where) -> Step:
        return {"steps": self._steps(where)}

    def _loop(self, where: _Where) -> Step:
        over: Step = (
            {"in": self._one(*_LISTS)} if self._rng.random() < 0.5 else {"range": [1, "${one(1)}"]}
        )
        index = {"index": "i"} if self._rng.random() < 0.5 else {}
        return {"value": f"v{where.depth}", **index, **over, "steps": self._steps(where)}

    def _for(self, where: _Where) -> Step:
        return {"for": self._loop(replace(where, in_loop=True))}

    def _try(self, where: _Where) -> Step:
        body: Any = {"steps": self._steps(where)} if self._rng.random() < 0.7 else self._step(where)
        step: Step = {"try": body}
        if self._rng.random() < 0.5:
            predicate = self._one(
                "${retried}", "${retry.always}", "${http.default_retry_predicate}"
            )
            step["retry"] = {"predicate": predicate, "max_retries": 1, "backoff": _BACKOFF}
        if self._rng.random() < 0.7 or "retry" not in step:
            step["except"] = {"as": f"e{where.depth}", "steps": self._steps(where)}
        if "retry" in step and self._rng.random() < 0.5:  # A predicate may fail as well.
            return {"try": step, "except": {"steps": [{self._name(): self._assign(where)}]}}
        return step

    def _parallel(self, where: _Where) -> Step:
        inside = replace(where, names=(), in_loop=False, in_branch=True)
        step: Step = {"shared": ["n", "l", "m", "left"]}
        if self._rng.random() < 0.3:
            step["concurrency_limit"] = self._one(1, 2, "${one(1)}")
        if self._rng.random() < 0.5:
            step["for"] = self._loop(inside)
        else:
            step["branches"] = [
                {self._name(): {"steps": self._steps(inside)}}
                for _ in range(self._rng.randint(2, 3))
            ]
        return {"parallel": step}
