"""The answer ladder in real time, over real HTTP: what followers of slow and fast models get to read."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from local.platform.delivery import Delivery
from tests.support.account import Follower, client, environment, running
from tests.support.serving import serving
from tests.support.upstream import Behaviour, Upstream
from tests.support.waiting import until

PROMPT = "……（回复「继续」看后面）"
ANSWER = "".join(f"这是第{n}句话，内容并不长。" for n in range(1, 41))


def _paced(question: str) -> Behaviour:
    """A question such as ``讲讲 6s`` is answered in 6 seconds."""
    seconds = re.search(r"([\d.]+)s", question)
    return Behaviour(text=ANSWER, seconds=float(seconds[1]) if seconds else 0.0, pieces=40)


def _text(delivery: Delivery) -> str:
    assert delivery.reply is not None, [attempt.reason for attempt in delivery.attempts]
    return str(delivery.reply.content["content"])


async def test_every_pace_is_answered_with_one_call_each(tmp_path: Path) -> None:
    upstream = Upstream(_paced)
    async with (
        serving(upstream.app()) as address,
        running(environment(tmp_path, address, WECHAT_MSG_AI_TIMEOUT_PROMPT=PROMPT)) as server,
        client() as http,
    ):

        async def whole(seconds: float, at_least: int) -> None:
            """The whole answer comes within WeChat's attempts, and not before it can."""
            follower = Follower(f"在等{seconds}", server.callback_url, http)
            delivery = await follower.send(f"讲讲 {seconds}s")
            assert _text(delivery) == ANSWER
            assert at_least <= len(delivery.attempts) <= 3

        async def in_parts(seconds: float) -> None:
            """The third attempt brings the beginning, 继续 the rest."""
            follower = Follower(f"在等{seconds}", server.callback_url, http)
            delivery = await follower.send(f"讲讲 {seconds}s")
            assert len(delivery.attempts) == 3
            read = ""
            part = _text(delivery)
            while part.endswith(PROMPT):
                assert len(part) > len(PROMPT) + 20
                read += part.removesuffix(PROMPT)
                assert read.endswith("。"), "cut at a sentence"
                part = _text(await follower.send("继续"))
            assert read
            assert read + part == ANSWER

        await asyncio.gather(
            whole(0.5, 1), whole(2, 1), whole(4, 1), whole(6, 2), whole(9, 2), whole(12, 3),
            in_parts(20), in_parts(40),
        )  # fmt: skip
        assert sorted(upstream.questions()) == sorted(
            f"讲讲 {seconds}s" for seconds in (0.5, 2, 4, 6, 9, 12, 20, 40)
        )


async def test_two_hundred_followers_at_once_are_all_answered(tmp_path: Path) -> None:
    upstream = Upstream(_paced)
    async with (
        serving(upstream.app()) as address,
        running(environment(tmp_path, address)) as server,
        client() as http,
    ):
        followers = [Follower(f"粉丝{n}", server.callback_url, http) for n in range(200)]
        deliveries = await asyncio.gather(*(f.send(f"{n} 号问 3s") for n, f in enumerate(followers)))
        assert [_text(delivery) for delivery in deliveries] == [ANSWER] * 200
        assert sorted(upstream.questions()) == sorted(f"{n} 号问 3s" for n in range(200))


async def test_two_quick_messages_are_answered_in_order_the_second_knowing_the_first(tmp_path: Path) -> None:
    upstream = Upstream(_paced)
    async with (
        serving(upstream.app()) as address,
        running(environment(tmp_path, address)) as server,
        client() as http,
    ):
        follower = Follower("急性子", server.callback_url, http)
        first = asyncio.create_task(follower.send("我叫小红 2s"))
        await until(lambda: bool(upstream.calls))
        second = await follower.send("我叫什么 0.1s")
        assert (_text(await first), _text(second)) == (ANSWER, ANSWER)
        assert upstream.questions() == ["我叫小红 2s", "我叫什么 0.1s"]
        turns = [(message["role"], message["content"]) for message in upstream.calls[1]]
        assert turns[1:] == [("user", "我叫小红 2s"), ("assistant", ANSWER), ("user", "我叫什么 0.1s")]
