"""A stream of server-sent events, each sent the moment it is there.

Written on ASGI directly: for every piece there is one message to the server, and nothing else. When the
visitor goes away, the source of the pieces is closed at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

HEARTBEAT_SECONDS = 15.0
"""How often a comment is sent while nothing comes, so that no proxy takes the stream for dead."""

DONE = b"data: [DONE]\n\n"
_HEARTBEAT = b": still there\n\n"


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def event(data: dict[str, Any]) -> bytes:
    """Return one event."""
    return f"data: {_encode(data)}\n\n".encode()


def piece_event(piece: str) -> bytes:
    """Return the event of a piece of an answer."""
    return f'data: {{"success":true,"message":{_encode(piece)},"interaction_mode":"stream"}}\n\n'.encode()


class EventStream(Response):
    """Sends the events of a generator."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[bytes], headers: dict[str, str] | None = None) -> None:
        """``events`` gives whole events, as ``event`` makes them; it is closed in any case."""
        self.status_code = 200
        self.background = None
        self._events = events
        self._sent_at = time.monotonic()
        # A proxy that collects or compresses would turn the stream into one late answer.
        collected = {"cache-control": "no-store, no-transform", "x-accel-buffering": "no"}
        self.init_headers({**collected, **(headers or {})})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream, until its end or until the visitor is gone."""
        sending = asyncio.create_task(self._send(send))
        others = [asyncio.create_task(_left(receive)), asyncio.create_task(self._beat(send))]
        try:
            await asyncio.wait((sending, others[0]), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, *others):
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            with contextlib.suppress(asyncio.CancelledError):
                await sending

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async with contextlib.aclosing(self._events) as events:
            async for piece in events:
                self._sent_at = time.monotonic()
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _beat(self, send: Send) -> None:
        while True:
            idle = time.monotonic() - self._sent_at
            if idle >= HEARTBEAT_SECONDS:
                self._sent_at = time.monotonic()
                await send({"type": "http.response.body", "body": _HEARTBEAT, "more_body": True})
                idle = 0.0
            await asyncio.sleep(HEARTBEAT_SECONDS - idle)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
