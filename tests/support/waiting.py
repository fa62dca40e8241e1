"""Waiting for something to become true."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_STEP = 0.01


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Return once ``condition()`` is true; fail when it is not within ``seconds``."""
    for _ in range(int(seconds / _STEP)):
        if condition():
            return
        await asyncio.sleep(_STEP)
    raise AssertionError("it did not happen in time")
