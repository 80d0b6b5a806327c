"""The workflows that are run for time. Both engines must return the same."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Program:
    """`units(n)` things are done by one execution with the argument `{"n": n}`."""

    name: str
    unit: str
    source: str
    per_round: int
    fixed: int = 0

    def units(self, n: int) -> int:
        return self.per_round * n + self.fixed


_STEPS: Final = """\
main:
  params: [args]
  steps:
  - init:
      assign:
      - n: ${args.n}
      - i: 0
      - total: 0
  - check:
      switch:
      - condition: ${i >= n}
        next: done
  - add:
      assign:
      - total: ${total + i}
  - count:
      assign:
      - i: ${i + 1}
      next: check
  - done:
      return: ${total}
"""
_EXPRESSIONS: Final = """\
main:
  params: [args]
  steps:
  - init:
      assign:
      - n: ${args.n}
      - m: {a: {b: [1, 2, 3]}, price: 12.5, name: "canary"}
      - total: 0
  - loop:
      for:
        value: i
        range: ${[1, n]}
        steps:
        - compute:
            assign:
            - a: ${(i * 3 + 7) % 11}
            - b: ${m.a.b[a % 3] + i}
            - c: ${m.price * 2 - i / 4}
            - d: ${"step " + string(i) + " of " + m.name}
            - e: ${i > 10 and a < 5 or not(b == 3)}
            - f: ${"name" in m}
            - g: ${-(a + b) // 2}
            - total: ${total + a}
  - done:
      return: ${total}
"""
_CALLS: Final = """\
main:
  params: [args]
  steps:
  - init:
      assign:
      - n: ${args.n}
      - total: 0
  - loop:
      for:
        value: i
        range: ${[1, n]}
        steps:
        - one:
            call: plus
            args: {x: "${total}", y: 2}
            result: total
  - done:
      return: ${total}
plus:
  params: [x, y]
  steps:
  - sum:
      return: ${x + y}
"""
_LIBRARY: Final = """\
main:
  params: [args]
  steps:
  - init:
      assign:
      - n: ${args.n}
      - m: {a: 1, b: {c: 2}}
      - l: [1, 2, 3]
      - total: 0
  - loop:
      for:
        value: i
        range: ${[1, n]}
        steps:
        - compute:
            assign:
            - a: ${len(l)}
            - b: ${text.to_upper("canary")}
            - c: ${string(i)}
            - d: ${int("17")}
            - e: ${text.substring("revision", 0, 3)}
            - f: ${math.max(i, 5)}
            - g: ${keys(m)}
            - h: ${default(i, 0)}
            - total: ${total + d}
  - done:
      return: ${total}
"""

PROGRAMS: Final = (
    Program("steps", "steps", _STEPS, per_round=3, fixed=3),
    Program("expressions", "expressions", _EXPRESSIONS, per_round=8),
    Program("subworkflow calls", "calls", _CALLS, per_round=1),
    Program("library calls", "calls", _LIBRARY, per_round=8),
)

TINY: Final = """\
main:
  params: [args]
  steps:
  - greet:
      assign:
      - greeting: ${"hello " + args.name}
  - done:
      return: ${greeting}
"""
WAITING: Final = """\
main:
  steps:
  - endpoint:
      call: events.create_callback_endpoint
      args: {http_callback_method: POST}
      result: endpoint
  - wait:
      call: events.await_callback
      args: {callback: "${endpoint}", timeout: 86400}
      result: request
  - done:
      return: ${request.http_request.body}
"""
ASLEEP: Final = """\
main:
  steps:
  - sleep:
      call: sys.sleep
      args: {seconds: 86400}
"""
