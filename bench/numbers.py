"""Many measurements as a few numbers."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value that ``percent`` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


def ratio(values: Sequence[float], others: Sequence[float]) -> float:
    """Return the median of the ratios of what was measured side by side.

    Whatever else the machine was doing then slowed both.
    """
    return median(value / other for value, other in zip(values, others, strict=True))


def spread(values: Sequence[float], digits: int) -> str:
    """Return the middle half of the values, as ``low–high``."""
    return f"{percentile(values, 25):.{digits}f}–{percentile(values, 75):.{digits}f}"
