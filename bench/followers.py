"""Many followers at once: until when the last one has the answer, and what that costs the server."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median

from bench import account, upstream
from bench.processes import Process
from bench.report import Table, Target
from local.platform.delivery import Delivery
from tests.support.account import Follower, client

_CROWDS = (1, 8, 50, 200)
_PACE = 3.0


def measure() -> Table:
    """Measure crowd after crowd on one server; its peak memory only grows."""
    with (
        tempfile.TemporaryDirectory() as folder,
        upstream.running(Path(folder)) as model,
        account.running(Path(folder), model) as server,
    ):
        rows, answered, calls = asyncio.run(_crowds(server, model))
    last = rows[-1]
    return Table(
        "同时来的粉丝 · Followers at once",
        (
            "followers",
            "half have it s",
            "the last has it s",
            "after the model",
            "attempts",
            "CPU s",
            "peak MB",
        ),
        rows,
        f"On a model that takes {_PACE:g} s, the last of {last[0]} followers has the whole answer after"
        f" {last[2]} s, with {last[5]} s of one core and {last[6]} MB (the row 0 is the server before).",
        [
            Target("everyone gets the whole answer", answered),
            Target("one call to the model for each message", calls == sum(_CROWDS)),
        ],
    )


async def _crowds(server: Process, model: Process) -> tuple[list[tuple[str, ...]], bool, int]:
    """The rows, whether everyone was answered, and how often the model was called."""
    async with client() as http:
        await Follower("先来的", f"{server.url}/wechat/reply", http).send("你好")
        rows: list[tuple[str, ...]] = [("0", "", "", "", "", "", f"{server.peak_megabytes:.0f}")]
        answered = True
        for size in _CROWDS:
            cpu = server.cpu_seconds
            began = time.perf_counter()

            async def ask(number: int, *, size: int = size, began: float = began) -> tuple[Delivery, float]:
                follower = Follower(f"{size}人中的{number}", f"{server.url}/wechat/reply", http)
                return await follower.send(f"讲讲 {_PACE:g}s"), time.perf_counter() - began

            results = await asyncio.gather(*(ask(number) for number in range(size)))
            answered &= all(d.reply and d.reply.content["content"] == upstream.ANSWER for d, _ in results)
            last = max(seconds for _, seconds in results)
            rows.append(
                (
                    str(size),
                    f"{median(seconds for _, seconds in results):.2f}",
                    f"{last:.2f}",
                    f"{last - _PACE:+.2f}",
                    str(max(len(delivery.attempts) for delivery, _ in results)),
                    f"{server.cpu_seconds - cpu:.2f}",
                    f"{server.peak_megabytes:.0f}",
                )
            )
        questions = (await http.get(f"{model.url}/questions")).json()
    return rows, answered, questions.count(f"讲讲 {_PACE:g}s")
