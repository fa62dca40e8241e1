"""What the followers' phones show: entries to be read as they are, or waited for as they change."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_MAX_ENTRIES = 1000


@dataclass(frozen=True, slots=True)
class _Entry:
    changed: int
    openid: str
    data: Mapping[str, Any]


class Feed:
    """Entries (JSON values) of a few kinds, each with the number of its last change; all in memory.

    A reader asks for what changed after the last number it knows. The entries that have not changed for the
    longest time fall out when there are more than a thousand. Use it from one event loop.
    """

    def __init__(self) -> None:
        self.run = secrets.token_hex(8)
        """Names this life of the feed: after a restart or a reset the numbers begin again."""
        self._entries: dict[tuple[str, str], _Entry] = {}
        self._number = 0
        self._changed = asyncio.Event()
        self._closed = False

    def close(self) -> None:
        """Let nobody wait any longer: the server is about to stop, and must not stay up for its readers."""
        self._closed = True
        self._wake()

    def put(self, kind: str, key: str, data: Mapping[str, Any], *, openid: str = "") -> None:
        """Write an entry. With ``openid``, only that follower's phone shows it."""
        self._number += 1
        self._entries.pop((kind, key), None)
        self._entries[kind, key] = _Entry(self._number, openid, data)
        if len(self._entries) > _MAX_ENTRIES:
            del self._entries[next(iter(self._entries))]
        self._wake()

    def clear(self) -> None:
        """Forget everything, under a new ``run``."""
        self.run = secrets.token_hex(8)
        self._entries.clear()
        self._number = 0
        self._wake()

    def changes(self, run: str, after: int, openid: str = "") -> dict[str, Any]:
        """Return the entries that changed after that number, oldest change first.

        A reader that knows another ``run`` gets everything. With ``openid``, what belongs to other followers
        is left out.
        """
        known = after if run == self.run else 0
        entries = []
        for (kind, key), entry in reversed(self._entries.items()):
            if entry.changed <= known:
                break
            if not openid or entry.openid in ("", openid):
                entries.append({"kind": kind, "key": key, "data": entry.data})
        return {"run": self.run, "number": self._number, "entries": entries[::-1]}

    async def wait(self, run: str, after: int, seconds: float) -> None:
        """Return when there is a change after that number, when the seconds have passed, or on ``close``."""
        if self._closed or run != self.run or after < self._number:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
