"""The queue on one machine: a SQLite file, and the loop that works through it."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from .sqlite import Database, Turn
from .table import StoreError
from .values import plain, text

Handler = Callable[[dict[str, Any]], Awaitable[None]]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, group_id TEXT NOT NULL,
                                 body TEXT NOT NULL, receives INTEGER NOT NULL DEFAULT 0,
                                 ready_at REAL NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS jobs_by_group ON jobs (group_id, id);
CREATE TABLE IF NOT EXISTS sent (deduplication_id TEXT PRIMARY KEY, sent_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS sent_by_time ON sent (sent_at);
CREATE TABLE IF NOT EXISTS dead (id INTEGER PRIMARY KEY, group_id TEXT NOT NULL, body TEXT NOT NULL,
                                 error TEXT NOT NULL, died_at REAL NOT NULL);
"""
_HEADS = """
SELECT id, body, receives FROM jobs AS job
WHERE ready_at <= ?
  AND NOT EXISTS (SELECT 1 FROM jobs AS earlier WHERE earlier.group_id = job.group_id AND earlier.id < job.id)
ORDER BY id LIMIT ?
"""
_BURY = """
INSERT INTO dead (id, group_id, body, error, died_at) SELECT id, group_id, body, ?, ? FROM jobs WHERE id = ?
"""
_DEDUPLICATION_TIME = 300  # seconds, as SQS has it
_KEEP_DEAD = 14 * 86400  # seconds

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Job:
    id: int
    body: dict[str, Any]
    receives: int


class SqliteQueue:
    """A Queue (see its protocol) in a SQLite file. Any process may send; one at a time runs the jobs.

    A job is taken up again when the process that worked on it was killed, so a handler may see it twice. A
    job that failed ``max_receives`` times is moved to the table ``dead``, with the name of its error.
    """

    def __init__(
        self,
        path: str | Path,
        clock: Callable[[], float] = time.time,
        *,
        max_receives: int = 2,
        retry_delay: float = 2.0,
        poll: float = 0.5,
        timeout: float = 5.0,
    ) -> None:
        """Open the file, making it where it is missing.

        ``clock`` tells epoch seconds; ``retry_delay`` is how many seconds a failed job and its group wait,
        ``poll`` how often the runner looks for what other processes sent, ``timeout`` how long a call waits
        for another process's write. Raises StoreError.
        """
        self._path = Path(path)
        self._clock = clock
        self._max_receives = max_receives
        self._retry_delay = retry_delay
        self._poll = poll
        self._db = Database(path, _SCHEMA, timeout=timeout)
        self._wakers: list[Callable[[], object]] = []

    def send(self, body: Mapping[str, Any], *, group: str, deduplication_id: str) -> None:
        """See Queue. Raises TypeError and ValueError for a body that is not JSON (see ``values.plain``)."""
        content = json.dumps(plain(body), ensure_ascii=False)
        now = self._clock()
        with self._db.transaction("SendMessage") as db:
            db.execute("DELETE FROM sent WHERE sent_at <= ?", (now - _DEDUPLICATION_TIME,))
            seen = db.execute("INSERT OR IGNORE INTO sent VALUES (?, ?)", (text(deduplication_id), now))
            if seen.rowcount == 1:
                db.execute("INSERT INTO jobs (group_id, body) VALUES (?, ?)", (text(group), content))
        for wake in tuple(self._wakers):
            wake()

    async def run(
        self, handler: Handler, *, concurrency: int, stop: asyncio.Event, grace: float = 10.0
    ) -> None:
        """Hand the jobs to ``handler``, oldest first, until ``stop`` is set.

        At most ``concurrency`` run at once, and of one group only one. Once ``stop`` is set no job starts;
        those that run have ``grace`` seconds to end, then they are cancelled and stay in the queue as if
        they had not been taken. While another process runs this queue, this call stands by.
        """
        turn = Turn(self._path.with_name(self._path.name + "-runner"))
        loop = asyncio.get_running_loop()
        wake = asyncio.Event()
        waker = partial(_wake, loop, wake)
        stopping = loop.create_task(stop.wait())
        stopping.add_done_callback(lambda _: wake.set())
        running: dict[asyncio.Task[None], int] = {}

        def ended(task: asyncio.Task[None]) -> None:
            del running[task]
            wake.set()

        self._wakers.append(waker)
        try:
            while not stop.is_set() and not turn.take():
                await self._pause(wake)
            while not stop.is_set():
                for job in self._take(concurrency - len(running), running.values()):
                    task = loop.create_task(self._work(job, handler))
                    running[task] = job.id
                    task.add_done_callback(ended)
                await self._pause(wake)
            if running:
                await asyncio.wait(list(running), timeout=grace)
        finally:
            self._wakers.remove(waker)
            left = [stopping, *running]
            for unfinished in left:
                unfinished.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            turn.close()

    def close(self) -> None:
        """Close the file; any call after that raises StoreError."""
        self._db.close()

    async def _pause(self, wake: asyncio.Event) -> None:
        """Wait until woken, or for as long as a poll takes."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._poll):
                await wake.wait()
        wake.clear()

    def _take(self, free: int, running: Collection[int]) -> list[_Job]:
        """Take up to ``free`` jobs that stand first in their groups and are not running already."""
        if free <= 0:
            return []
        jobs: list[_Job] = []
        try:
            with self._db.transaction("ReceiveMessage") as db:
                heads = db.execute(_HEADS, (self._clock(), free + len(running))).fetchall()
                for job_id, body, receives in heads:
                    if job_id in running or len(jobs) == free:
                        continue
                    if receives >= self._max_receives:
                        self._bury(db, _Job(job_id, {}, receives), "Interrupted")
                        continue
                    jobs.append(_Job(job_id, json.loads(body), receives + 1))
                counts = [(job.receives, job.id) for job in jobs]
                db.executemany("UPDATE jobs SET receives = ? WHERE id = ?", counts)
        except StoreError as error:
            logger.error("The queue cannot be read: %s", error)
            return []
        return jobs

    async def _work(self, job: _Job, handler: Handler) -> None:
        try:
            await handler(job.body)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                self._give_back(job)
                raise
            # The handler's own affair, and not the end of the queue.
            await self._settle(partial(self._failed, job, error))
        except Exception as error:
            await self._settle(partial(self._failed, job, error))
        else:
            await self._settle(partial(self._finished, job))

    async def _settle(self, outcome: Callable[[], None]) -> None:
        """Write down how a job ended, however long the file refuses: it would run once more otherwise."""
        while True:
            try:
                return outcome()
            except StoreError as error:
                logger.error("The queue cannot be written: %s", error)
                await asyncio.sleep(self._poll)

    def _finished(self, job: _Job) -> None:
        with self._db.statement("DeleteMessage") as db:
            db.execute("DELETE FROM jobs WHERE id = ?", (job.id,))

    def _failed(self, job: _Job, error: BaseException) -> None:
        name = type(error).__name__
        with self._db.transaction("ChangeMessageVisibility") as db:
            if job.receives >= self._max_receives:
                self._bury(db, job, name)
            else:
                logger.warning("Job %d failed with %s and is tried again", job.id, name)
                db.execute(
                    "UPDATE jobs SET ready_at = ? WHERE id = ?", (self._clock() + self._retry_delay, job.id)
                )

    def _give_back(self, job: _Job) -> None:
        with suppress(StoreError), self._db.statement("ChangeMessageVisibility") as db:
            db.execute("UPDATE jobs SET receives = ? WHERE id = ?", (job.receives - 1, job.id))

    def _bury(self, db: sqlite3.Connection, job: _Job, error: str) -> None:
        now = self._clock()
        db.execute("DELETE FROM dead WHERE died_at <= ?", (now - _KEEP_DEAD,))
        db.execute(_BURY, (error, now, job.id))
        db.execute("DELETE FROM jobs WHERE id = ?", (job.id,))
        # Neither the body nor the group: they are what a follower wrote, and who wrote it.
        logger.error("Job %d failed %d times and is set aside: %s", job.id, job.receives, error)


def _wake(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    # The loop may have closed between the moment a sender saw this runner and now.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(event.set)
