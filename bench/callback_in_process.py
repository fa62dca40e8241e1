"""What we add to a model that answers at once, without HTTP: from WeChat's request to the sealed reply."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from statistics import median
from typing import Any

from bench.account import post
from bench.numbers import percentile
from bench.report import Table
from bench.upstream import ANSWER
from local.platform.account import Mode
from tests.support.account import environment
from wechat_oa.settings import read_settings
from wechat_oa.store.local_queue import SqliteQueue
from wechat_oa.store.local_table import SqliteTable
from wechat_reply.answering import answer
from wechat_reply.services import Services
from wechat_reply.working import Worker

_ROUNDS, _WARM_UPS = 400, 40
_FOLLOWERS = 20
_PAUSE = 0.005
"""Seconds between two messages, so that what follows a reply is not in the next one's time."""
_KINDS: dict[str, tuple[str, Mode]] = {
    "plain mode, the model": ("你好", "plain"),
    "safe mode, the model": ("你好", "safe"),
    "plain mode, 帮助": ("帮助", "plain"),
    "safe mode, 帮助": ("帮助", "safe"),
}


class _ModelAtOnce:
    async def answer(
        self, messages: list[dict[str, Any]], *, seconds: float | None = None
    ) -> AsyncGenerator[str]:
        yield ANSWER

    async def transcribe(self, voice: bytes, file_name: str) -> str:
        return ""


def measure() -> Table:
    """Measure it with the stores in files, the queue and the worker running."""
    with tempfile.TemporaryDirectory() as folder:
        times = asyncio.run(_times(Path(folder)))
    rows = [
        (kind, f"{median(values):.2f}", f"{percentile(values, 95):.2f}", f"{min(values):.2f}")
        for kind, values in times.items()
    ]
    slower = median(times["safe mode, the model"])
    return Table(
        "回调增加的时间，进程内 · What the callback adds, in process",
        ("message", "p50 ms", "p95 ms", "least ms"),
        rows,
        f"With a model that answers at once, a follower's message is claimed, queued, answered, stored and"
        f" sealed in {slower:.1f} ms (p50, safe mode, SQLite on disk, {_ROUNDS} messages of each kind).",
    )


async def _times(folder: Path) -> dict[str, list[float]]:
    settings = read_settings(environment(folder, "http://127.0.0.1", WECHAT_FOLLOWER_DAILY_LIMIT="0"))
    table, queue = SqliteTable(folder / "table.db"), SqliteQueue(folder / "queue.db")
    services = Services(settings, table, queue)
    stop = asyncio.Event()
    worker = Worker(services, lambda _settings: _ModelAtOnce(), None)
    working = asyncio.create_task(queue.run(worker.work, concurrency=256, stop=stop))
    times: dict[str, list[float]] = {kind: [] for kind in _KINDS}
    for number in range(-_WARM_UPS, _ROUNDS):
        for kind, (content, mode) in _KINDS.items():
            request = post(content, mode, f"粉丝{number % _FOLLOWERS}")
            began = time.perf_counter()
            answered = await answer(services, request.query, request.body)
            seconds = time.perf_counter() - began
            assert answered.status == 200
            if number >= 0:
                times[kind].append(seconds * 1000)
            await asyncio.sleep(_PAUSE)
    stop.set()
    await working
    queue.close()
    table.close()
    return times
