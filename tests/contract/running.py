"""A SqliteQueue at work, for the tests of how it works."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from wechat_oa.store.local_queue import SqliteQueue

Body = dict[str, Any]


class Handler:
    """A handler whose jobs end when they are told to."""

    def __init__(self) -> None:
        self.started: list[Any] = []
        self.ended: list[Any] = []
        self.cancelled: list[Any] = []
        self.fail: dict[Any, int] = {}
        self.may_end = asyncio.Event()
        self.may_end.set()

    def has_started(self, count: int) -> bool:
        return len(self.started) == count

    async def __call__(self, body: Body) -> None:
        job = body["job"]
        self.started.append(job)
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.cancelled.append(job)
            raise
        if self.fail.get(job, 0):
            self.fail[job] -= 1
            raise LookupError("what the follower wrote")
        self.ended.append(job)


@asynccontextmanager
async def running(
    queue: SqliteQueue, handler: Any, *, concurrency: int = 50, grace: float = 0
) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(queue.run(handler, concurrency=concurrency, stop=stop, grace=grace))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 (it is about what the file says, too)
            await asyncio.sleep(0.0005)


async def a_few_polls() -> None:
    await asyncio.sleep(0.01)


def send(queue: SqliteQueue, job: str, group: str) -> None:
    queue.send({"job": job}, group=group, deduplication_id=job)


def rows(path: Path, statement: str) -> list[Any]:
    connection = sqlite3.connect(path)
    found = connection.execute(statement).fetchall()
    connection.close()
    return found
