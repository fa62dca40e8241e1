"""MCP beside the web server: what speaks it is only imported when the first client calls.

Its import takes longer than that of everything else, and most who start the server want to try the account.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket

from local.house import House
from local.second_server import SecondServer


class McpBeside:
    """Serves MCP in the web server's loop and for its life."""

    def __init__(self, house: House) -> None:
        """Nothing is served yet."""
        self._house = house
        self._server: SecondServer | None = None
        self._waiting: asyncio.Task[None] | None = None

    def begin(self, listener: socket.socket) -> None:
        """Serve from the first call on; who calls waits until it is imported."""
        listener.listen()
        self._waiting = asyncio.create_task(self._serve_when_called(listener))

    async def end(self) -> None:
        """Stop serving."""
        if self._waiting:
            self._waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._waiting
        if self._server:
            await self._server.end()

    async def _serve_when_called(self, listener: socket.socket) -> None:
        called = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(listener, called.set)
        try:
            await called.wait()
        finally:
            loop.remove_reader(listener)
        # In a thread: followers are answered meanwhile.
        self._server = await asyncio.to_thread(self._imported)
        self._server.begin(listener)

    def _imported(self) -> SecondServer:
        from local.mcp_server import McpServer  # noqa: PLC0415  (the heavy part)

        return McpServer(self._house)
