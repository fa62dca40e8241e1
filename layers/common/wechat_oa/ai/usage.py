"""How many tokens an answer took, where the service tells."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass
class Usage:
    """What one answer took."""

    tokens: int | None = None
    """Of the question and the answer together; None: the service has not said."""


_current: ContextVar[Usage | None] = ContextVar("usage", default=None)


def count_usage() -> Usage:
    """Return what the answers that are asked for from now on, in this task and its children, will fill in."""
    usage = Usage()
    _current.set(usage)
    return usage


def note_usage(event: Mapping[str, Any]) -> None:
    """Note what a service says in an event or an answer; the last one counts, being the sum."""
    told = event.get("usage")
    total = told.get("total_tokens") if isinstance(told, dict) else None
    if isinstance(total, int) and 0 <= total < 1 << 31 and (usage := _current.get()):
        usage.tokens = total
