"""A server on a port of its own, beside the first one, in its loop and for its life."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn


class SecondServer(uvicorn.Server):
    """Begins and ends when the first server says so."""

    def __init__(self, config: uvicorn.Config) -> None:
        """Nothing is served yet."""
        super().__init__(config)
        self._task: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave Ctrl-C to the first server, which ends this one."""
        yield

    def begin(self, listener: socket.socket) -> None:
        """Serve from now on."""
        self._task = asyncio.create_task(self.serve(sockets=[listener]))

    async def end(self) -> None:
        """Stop serving."""
        self.should_exit = True
        if self._task:
            await self._task
