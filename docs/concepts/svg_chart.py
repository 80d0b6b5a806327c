"""A small chart as SVG, by hand: a logarithmic axis upwards, lines, marks and a legend.

Readable in a light and in a dark page: it brings its own background and follows the reader's
colour scheme. Its words are text, with a title and a description for who cannot see it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape

WIDTH: Final = 760
LEFT, RIGHT, TOP, BOTTOM = 74, 24, 64, 54
LINE_HEIGHT: Final = 22
STYLE: Final = """\
svg { font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
.page { fill: #ffffff; }
text { fill: #1f2328; }
.title { font-size: 16px; font-weight: 600; }
.soft { fill: #59636e; }
.grid { stroke: #e4e7ea; }
.axis { stroke: #59636e; }
.mark { stroke: #59636e; stroke-dasharray: 2 4; }
.limit { stroke: #b42318; stroke-width: 2; }
.limit-text { fill: #b42318; font-weight: 600; }
.many { stroke: #8c959f; stroke-width: 1; opacity: 0.55; }
.band { fill: #f0c000; opacity: 0.22; }
.line { fill: none; stroke-linejoin: round; }
.bold { stroke-width: 2.4; }
.a { stroke: #0072b2; } .b { stroke: #d55e00; } .c { stroke: #00805d; }
.d { stroke: #a8488a; } .e { stroke: #8a6100; } .f { stroke: #2a7fb8; }
.dot { stroke-width: 5; stroke-linecap: round; }
@media (prefers-color-scheme: dark) {
  .page { fill: #0d1117; }
  text { fill: #e6edf3; }
  .soft { fill: #9198a1; }
  .grid { stroke: #21262d; }
  .axis, .mark { stroke: #9198a1; }
  .limit { stroke: #ff7b72; }
  .limit-text { fill: #ff7b72; }
  .many { stroke: #8b949e; }
  .a { stroke: #58a6ff; } .b { stroke: #ff9e64; } .c { stroke: #3fc995; }
  .d { stroke: #e59cd0; } .e { stroke: #e3b341; } .f { stroke: #79c0ff; }
}
"""
Point = tuple[float, float]


@dataclass(slots=True)
class Chart:
    """One chart. `across` maps a value of the horizontal axis to 0..1 of its length."""

    title: str
    desc: str
    across: Callable[[float], float]
    low: float
    high: float
    height: int = 400
    """Of the chart itself, with title and axes; a legend comes below it."""
    found: list[str] = field(default_factory=list)
    legend: int = 0
    """Lines of the legend so far."""

    def x(self, value: float) -> float:
        part = min(max(self.across(value), 0.0), 1.0)
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        part = math.log(inside / self.low) / math.log(self.high / self.low)
        return self.height - BOTTOM - part * (self.height - TOP - BOTTOM)

    def text(self, at: Point, words: str, kind: str = "", anchor: str = "start") -> None:
        self.found.append(
            f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" class="{kind}" text-anchor="{anchor}">'
            f"{escape(words)}</text>"
        )

    def stroke(self, start: Point, end: Point, kind: str) -> None:
        ends = f'x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}"'
        self.found.append(f'<line {ends} class="{kind}"/>')

    def axes(self, up: Sequence[float], right: Sequence[tuple[float, str]], unit: str) -> None:
        """Draw both axes with their ticks; the upward one is logarithmic, of evidence."""
        bottom, ends = self.height - BOTTOM, WIDTH - RIGHT
        for value in up:
            y = self.y(value)
            self.stroke((LEFT, y), (ends, y), "grid")
            self.text((LEFT - 8, y + 4), f"{value:,g}", "soft", "end")
        for value, words in right:
            x = self.x(value)
            self.stroke((x, bottom), (x, bottom + 5), "axis")
            self.text((x, bottom + 20), words, "soft", "middle")
        self.stroke((LEFT, bottom), (ends, bottom), "axis")
        self.stroke((LEFT, TOP), (LEFT, bottom), "axis")
        self.text(((LEFT + ends) / 2, bottom + 42), unit, "", "middle")
        self.text((LEFT, 46), "evidence against the canary (no unit, logarithmic)", "")

    def limit(self, value: float, words: str) -> None:
        """Draw the line from which on the canary is taken back."""
        y = self.y(value)
        self.stroke((LEFT, y), (WIDTH - RIGHT, y), "limit")
        self.text((WIDTH - RIGHT - 4, y - 7), words, "limit-text", "end")

    def mark(self, value: float, words: str) -> None:
        """Draw the moment of a shift."""
        x = self.x(value)
        self.stroke((x, TOP), (x, self.height - BOTTOM), "mark")
        self.text((x + 5, self.height - BOTTOM - 8), words, "soft")

    def band(self, start: float, end: float, words: str) -> None:
        """Shade a stretch of time."""
        left, right = self.x(start), self.x(end)
        self.found.append(
            f'<rect x="{left:.1f}" y="{TOP}" width="{right - left:.1f}"'
            f' height="{self.height - TOP - BOTTOM}" class="band"/>'
        )
        self.text(((left + right) / 2, TOP + 16), words, "", "middle")

    def line(self, points: Sequence[Point], kind: str, dash: str = "") -> None:
        path = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
        self.found.append(f'<polyline points="{path}" class="line {kind}"{_dashed(dash)}/>')

    def dot(self, point: Point, kind: str) -> None:
        x, y = self.x(point[0]), self.y(point[1])
        self.stroke((x, y), (x, y), f"{kind} dot")

    def entry(self, words: Sequence[tuple[float, str]], kind: str, dash: str = "") -> None:
        """Add a line to the legend: a sample, and words at their distances from the left."""
        y = self.height + 16 + LINE_HEIGHT * self.legend
        if kind:
            sample = f'points="{LEFT},{y - 4} {LEFT + 34},{y - 4}"'
            self.found.append(f'<polyline {sample} class="line {kind}"{_dashed(dash)}/>')
        for x, text in words:
            self.text((LEFT + x, y), text, "" if kind else "soft")
        self.legend += 1

    def svg(self) -> str:
        """Return the whole document."""
        tall = self.height + (LINE_HEIGHT * (self.legend + 1) if self.legend else 0)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {tall}"'
            f' width="{WIDTH}" height="{tall}" role="img" aria-labelledby="title desc">'
        )
        parts = [
            head,
            f'<title id="title">{escape(self.title)}</title>',
            f'<desc id="desc">{escape(self.desc)}</desc>',
            f"<style>\n{STYLE}</style>",
            f'<rect width="{WIDTH}" height="{tall}" class="page"/>',
            f'<text x="{LEFT}" y="24" class="title">{escape(self.title)}</text>',
            *self.found,
            "</svg>",
        ]
        return "\n".join(parts) + "\n"


def _dashed(dash: str) -> str:
    return f' stroke-dasharray="{dash}"' if dash else ""
