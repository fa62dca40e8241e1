"""The answer ladder: when followers of slow and fast models have something to read, and when all of it."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench import account, upstream
from bench.processes import Process
from bench.report import Table, Target
from tests.support.account import Follower, client
from wechat_oa.settings import DEFAULT_TIMEOUT_PROMPT

_PACES = (0.5, 2, 4, 6, 9, 12, 20, 40)
_WHOLE_WITHIN_ATTEMPTS = 12
_MOST_PARTS = 12


@dataclass(frozen=True, slots=True)
class _Read:
    """What one follower went through, in seconds from the question."""

    pace: float
    first: float
    whole: float
    attempts: int
    continued: int
    complete: bool


def measure() -> Table:
    """Let one follower for each pace ask, all at once; whoever gets a part replies 继续 at once."""
    with (
        tempfile.TemporaryDirectory() as folder,
        upstream.running(Path(folder)) as model,
        account.running(Path(folder), model) as server,
    ):
        reads, calls = asyncio.run(_all(server, model))
    rows = [
        (
            f"{read.pace:g} s",
            f"{read.first:.2f}",
            f"{read.whole:.2f}",
            f"{read.whole - read.pace:+.2f}",
            str(read.attempts),
            str(read.continued),
            str(calls[f"讲讲 {read.pace:g}s"]),
        )
        for read in reads
    ]
    short = [read for read in reads if read.pace <= _WHOLE_WITHIN_ATTEMPTS]
    long = [read for read in reads if read.pace > _WHOLE_WITHIN_ATTEMPTS]
    return Table(
        "回答阶梯 · The answer ladder",
        ("the model takes", "first text s", "whole text s", "after the model", "attempts", "继续", "calls"),
        rows,
        f"Up to {_WHOLE_WITHIN_ATTEMPTS} s the whole answer is there at most"
        f" {max(read.whole - read.pace for read in short):.2f} s after the model is done; slower ones have"
        f" something to read after {max(read.first for read in long):.1f} s, and the rest on 继续"
        f" ({len(_PACES)} followers at once).",
        [
            Target(
                f"up to {_WHOLE_WITHIN_ATTEMPTS} s: the whole answer within WeChat's three attempts",
                all(read.complete and read.continued == 0 for read in short),
            ),
            Target(
                "slower: the third attempt brings the beginning, 继续 the rest",
                all(read.complete and read.continued > 0 and read.attempts == 3 for read in long),
            ),
            Target("one call to the model for each message", set(calls.values()) == {1}),
        ],
    )


async def _all(server: Process, model: Process) -> tuple[list[_Read], Counter[str]]:
    async with client() as http:
        await Follower("先来的", f"{server.url}/wechat/reply", http).send("你好")
        reads = await asyncio.gather(*(_read(pace, server, http) for pace in _PACES))
        questions = (await http.get(f"{model.url}/questions")).json()
    return reads, Counter(questions)


async def _read(pace: float, server: Process, http: httpx.AsyncClient) -> _Read:
    follower = Follower(f"等{pace:g}秒", f"{server.url}/wechat/reply", http)
    began = time.perf_counter()
    delivery = await follower.send(f"讲讲 {pace:g}s")
    first = time.perf_counter() - began
    part = str(delivery.reply.content["content"]) if delivery.reply else ""
    text, continued = "", 0
    while part.endswith(DEFAULT_TIMEOUT_PROMPT) and continued < _MOST_PARTS:
        text += part.removesuffix(DEFAULT_TIMEOUT_PROMPT)
        part = await follower.say("继续")
        continued += 1
    whole = time.perf_counter() - began
    complete = text + part == upstream.ANSWER
    return _Read(pace, first, whole, len(delivery.attempts), continued, complete)
