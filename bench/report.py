"""Tables, and the document they make."""

from __future__ import annotations

import os
import platform
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Target:
    """Something that was promised, and whether this run kept it."""

    promise: str
    met: bool


@dataclass(frozen=True, slots=True)
class Table:
    """What was measured. The first column names the rows; ``says`` is one sentence."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    says: str
    targets: Sequence[Target] = ()

    def markdown(self) -> str:
        """Return the table with its heading, its sentence and its targets."""
        lines = [f"## {self.title}", "", *self._lines(), "", self.says]
        if self.targets:
            lines += ["", *(f"- **{'met' if t.met else 'not met'}**: {t.promise}" for t in self.targets)]
        return "\n".join(lines) + "\n"

    def _lines(self) -> list[str]:
        rows = [self.columns, *self.rows]
        widths = [max(_width(row[number]) for row in rows) for number in range(len(self.columns))]
        lines = []
        for row in rows:
            first, *others = zip(row, widths, strict=True)
            cells = [first[0] + " " * (first[1] - _width(first[0]))]
            cells += [" " * (width - _width(cell)) + cell for cell, width in others]
            lines.append(f"| {' | '.join(cells)} |")
        ruler = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        return [lines[0], f"| {' | '.join(ruler)} |", *lines[1:]]


def document(tables: Sequence[Table], load_before: float, seconds: float) -> str:
    """Return docs/performance.md; ``seconds`` is how long it all took."""
    head = (
        "# 性能 · Performance\n\n"
        f"Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}: Python {platform.python_version()},"
        f" {_cpu_model()}, {os.cpu_count()} cores. All of it is from one run of {seconds:.0f} seconds, with"
        f" nothing else stopped for it: the load average was {load_before:.1f} when it began.\n"
    )
    return "\n".join((head, *(table.markdown() for table in tables)))


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
