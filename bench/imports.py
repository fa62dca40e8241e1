"""Where a cold start of the callback goes, package by package (``python -X importtime``)."""

from __future__ import annotations

import re
from collections import Counter
from statistics import median

from bench.cold_start import CALLBACK, FLOOR, python
from bench.report import Table

_ROUNDS = 5
_SHOWN = 10
_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \| \s*(\S+)")


def measure() -> Table:
    """Measure it. A package's time is that of its own modules, without what they import."""
    floor = _milliseconds(FLOOR)
    callback = _milliseconds(CALLBACK)
    packages: Counter[str] = Counter()
    modules: Counter[str] = Counter()
    beyond: Counter[str] = Counter()
    for module, milliseconds in callback.items():
        package = module.partition(".")[0]
        packages[package] += milliseconds
        modules[package] += 1
        beyond[package] += 0 if module in floor else milliseconds
    rows = [
        (f"`{package}`", str(modules[package]), f"{milliseconds:.1f}", f"{beyond[package]:.1f}")
        for package, milliseconds in packages.most_common(_SHOWN)
    ]
    ours = packages["wechat_oa"] + packages["wechat_reply"] - callback[CALLBACK.split()[1]]
    return Table(
        "回调冷启动时导入了什么 · What the callback imports",
        ("package", "modules", "ms", "of modules the floor has not"),
        rows,
        f"Our own modules take {ours:.0f} ms of it; `wechat_reply` also holds the making of the clients"
        f" ({callback[CALLBACK.split()[1]]:.0f} ms, botocore at work), and measuring each import slows all of"
        f" them (the ten most expensive packages, median of {_ROUNDS} runs).",
    )


def _milliseconds(statement: str) -> Counter[str]:
    """The time of each module itself."""
    runs = []
    for _ in range(_ROUNDS):
        lines = python("-X", "importtime", "-c", statement).stderr.splitlines()
        runs.append({match[2]: int(match[1]) / 1000 for line in lines if (match := _LINE.match(line))})
    return Counter({module: median(run.get(module, 0.0) for run in runs) for module in runs[0]})
