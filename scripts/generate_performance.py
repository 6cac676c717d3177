"""Writes the figures of docs/performance.md, and its growth curves as SVG, from docs/performance.json.

`make performance` copies what `make bench` measured to that file, and runs this.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.__main__ import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

DOCS = Path(__file__).parent.parent / "docs"
MARKS = re.compile(r"(<!-- figures -->\n).*?(<!-- end of figures -->)", re.DOTALL)
CURVES = {"statements": "Statements", "patterns": "Wildcard patterns", "symbols": "Symbols"}

Point = tuple[float, float]


def main() -> None:
    """Write the page and the curves."""
    measured = json.loads((DOCS / "performance.json").read_text())
    page = DOCS / "performance.md"
    text = "\n".join(table(measured))
    page.write_text(MARKS.sub(lambda found: f"{found[1]}{text}\n{found[2]}", page.read_text()))
    for word, title in CURVES.items():
        (DOCS / f"growth-{word}.svg").write_text(curve(title, series(measured["rows"], word)))


def table(measured: dict[str, Any]) -> Iterator[str]:
    """Yield the figures as a table in Markdown."""
    cores = f"{measured['cores']} cores"
    yield f"checker {measured['checker']}, {measured['python']}, {measured['system']}, {cores}. Medians.\n"
    yield "| what | checker | beside it | | times | goal |\n|---|---:|---|---:|---:|---:|"
    for row in measured["rows"]:
        own = row["what"], shown(row["seconds"])
        goal = f"{row['goal']:.3g}" if row["goal"] is not None else ""
        for name, seconds in row["beside"].items() or (("", 0.0),):
            times = f"{row['seconds'] / seconds:.3g}" if seconds else ""
            yield f"| {' | '.join((*own, name, shown(seconds) if seconds else '', times, goal))} |"
            own, goal = ("", ""), ""


def series(rows: Iterable[dict[str, Any]], word: str) -> dict[str, list[Point]]:
    """Return the points of checker and of what is beside it, by size."""
    found: dict[str, list[Point]] = {}
    for row in rows:
        if row["group"] == "prover" and row["what"].endswith(f" {word}"):
            found.setdefault("checker", []).append((row["items"], row["seconds"]))
            for name, seconds in row["beside"].items():
                found.setdefault(name.partition(",")[0], []).append((row["items"], seconds))
    return found


WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 320, 70, 20, 40, 40
COLORS = ("#0b6bcb", "#b3541e")


def curve(title: str, lines: Mapping[str, Sequence[Point]]) -> str:
    """Draw lines over two logarithmic axes."""
    points = [point for line in lines.values() for point in line]
    across, up = (Axis.of([point[index] for point in points]) for index in (0, 1))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        '<g font-family="system-ui, sans-serif" font-size="12" fill="#333">',
        f'<text x="{LEFT}" y="20" font-size="14">{title}: CPU time of one question</text>',
    ]
    for value in up.ticks():
        y = HEIGHT - BOTTOM - up.share(value) * (HEIGHT - TOP - BOTTOM)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{shown(value)}</text>')
    for value in sorted({point[0] for point in points}):
        x = LEFT + across.share(value) * (WIDTH - LEFT - RIGHT)
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 14}" text-anchor="middle">{value:g}</text>')
    for (name, line), color in zip(lines.items(), COLORS, strict=False):
        places = [
            (
                LEFT + across.share(x) * (WIDTH - LEFT - RIGHT),
                HEIGHT - BOTTOM - up.share(y) * (HEIGHT - TOP - BOTTOM),
            )
            for x, y in line
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts += (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in places)
        x, y = places[-1]
        parts.append(f'<text x="{x - 6:.1f}" y="{y - 10:.1f}" text-anchor="end" fill="{color}">{name}</text>')
    return "\n".join([*parts, "</g>", "</svg>"]) + "\n"


class Axis:
    """A logarithmic axis."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = math.log10(low), math.log10(high)

    @classmethod
    def of(cls, values: Sequence[float]) -> Axis:
        """Return an axis that has room for all values."""
        return cls(min(values), max(values))

    def share(self, value: float) -> float:
        """Return the place of a value, from 0 to 1."""
        return (math.log10(value) - self.low) / (self.high - self.low or 1)

    def ticks(self) -> Iterator[float]:
        """Yield the powers of ten on the axis."""
        for exponent in range(math.ceil(self.low), math.floor(self.high) + 1):
            yield 10.0**exponent


if __name__ == "__main__":
    main()
