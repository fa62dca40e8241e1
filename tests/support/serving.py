"""Serving an ASGI application on a free port of this machine, for as long as a test needs it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

_given: set[int] = set()


def free_port() -> int:
    """Return a port that nobody listens on, another one each time: the system may name one again at once."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, port: int = 0) -> AsyncGenerator[str]:
    """Serve ``app`` in this event loop and give its address."""
    port = port or free_port()
    config = uvicorn.Config(app, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    # Ctrl-C belongs to pytest.
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task
        # Those that had not ended in the second that they were given would outlive the event loop.
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def running(app: Starlette) -> AsyncGenerator[None]:
    """Let ``app`` be between its start and its end, both in one task: a fixture's halves are in two."""
    started, ended = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.router.lifespan_context(app):
            started.set()
            await ended.wait()

    task = asyncio.create_task(live())
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
    try:
        yield
    finally:
        ended.set()
        await task
