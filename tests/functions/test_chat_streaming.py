"""The web chat over real HTTP: pieces leave as they come, to a hundred at once, and to nobody who left."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from chat_app.stream import EventStream, event
from tests.support.chat import DONE, Chat, frames, said
from tests.support.clock import Clock
from tests.support.serving import serving
from tests.support.upstream import Behaviour, Upstream
from tests.support.waiting import until
from wechat_oa.ai.model import Models
from wechat_oa.store.local_table import SqliteTable

MANY = 100


class Gated:
    """A model service that says one piece, then waits for ``go``; it knows who still listens."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.silent = False
        """Whether not even the first piece comes before ``go``."""
        self.asked = 0
        self.listening = 0

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/v1/chat/completions", self._complete, methods=["POST"])])

    async def _complete(self, request: Request) -> Response:
        asked = await request.json()
        question = asked["messages"][-1]["content"]
        self.asked += 1
        self.listening += 1
        if not asked.get("stream"):
            with self._listening_ends(), contextlib.suppress(TimeoutError):
                await asyncio.wait_for(_gone(request, self.go), 30)
            return JSONResponse({"choices": [{"message": {"content": f"{question}！"}}]})
        return StreamingResponse(self._pieces(question), media_type="text/event-stream")

    @contextlib.contextmanager
    def _listening_ends(self) -> Any:
        try:
            yield
        finally:
            self.listening -= 1

    async def _pieces(self, question: str) -> AsyncGenerator[str]:
        with self._listening_ends():
            if not self.silent:
                yield _delta(question)
            await self.go.wait()
            for piece in ("！", "？", "。") * 5:
                yield _delta(piece)
                await asyncio.sleep(0.001)
            yield "data: [DONE]\n\n"


async def _gone(request: Request, go: asyncio.Event) -> None:
    while not go.is_set() and not await request.is_disconnected():  # noqa: ASYNC110  (it tells by no event)
        await asyncio.sleep(0.01)


def _delta(text: str) -> str:
    return f"data: {json.dumps({'choices': [{'delta': {'content': text}}]})}\n\n"


@contextlib.asynccontextmanager
async def _served(
    table: SqliteTable, clock: Clock, upstream: Starlette, **environment: str
) -> AsyncGenerator[str]:
    models = Models()
    async with serving(upstream) as address:
        chat = Chat(table, clock, models, OPENAI_API_URL=f"{address}/v1", **environment)
        async with serving(chat.app) as own:
            yield own
            await models.close()


def _client() -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None)
    return httpx.AsyncClient(trust_env=False, timeout=30, limits=limits)


def _question(address: str, message: str) -> dict[str, Any]:
    return {"method": "POST", "url": f"{address}/chat/api/send", "json": {"message": message}}


async def test_a_piece_leaves_when_it_comes(table: SqliteTable, clock: Clock) -> None:
    gated = Gated()
    async with (
        _served(table, clock, gated.app()) as address,
        _client() as client,
        client.stream(**_question(address, "你好")) as response,
    ):
        chunks = response.aiter_text()
        assert said(await anext(chunks)) == "你好", "while the model still waits"
        gated.go.set()
        rest = "".join([chunk async for chunk in chunks])
        assert said(rest) == "！？。" * 5
        assert frames(rest)[-1] == DONE


async def test_the_headers_do_not_wait_for_a_slow_model(table: SqliteTable, clock: Clock) -> None:
    gated = Gated()
    gated.silent = True
    async with (
        _served(table, clock, gated.app()) as address,
        _client() as client,
        client.stream(**_question(address, "你好")) as response,
    ):
        assert response.status_code == 200
        assert "upstream" not in response.headers["server-timing"]
        gated.go.set()
        assert said((await response.aread()).decode()) == "！？。" * 5


@pytest.mark.parametrize("silent", [False, True])
async def test_going_away_stops_the_call_to_the_model(
    table: SqliteTable, clock: Clock, *, silent: bool
) -> None:
    gated = Gated()
    gated.silent = silent
    async with _served(table, clock, gated.app()) as address:
        async with _client() as client, client.stream(**_question(address, "你好")) as response:
            assert response.status_code == 200
            assert gated.listening == 1
        await until(lambda: gated.listening == 0)
        assert gated.asked == 1


@pytest.mark.parametrize("mode", ["stream", "block"])
async def test_going_away_before_any_answer_stops_the_call_too(
    table: SqliteTable, clock: Clock, mode: str
) -> None:
    gated = Gated()
    gated.silent = True
    async with _served(table, clock, gated.app(), OPENAI_INTERACTION_MODE=mode) as address:
        async with _client() as client:
            asking = asyncio.create_task(client.request(**_question(address, "你好")))
            await until(lambda: gated.listening == 1)
            asking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asking
        await until(lambda: gated.listening == 0)
        assert gated.asked == 1


async def test_those_who_stay_are_answered_when_others_leave(table: SqliteTable, clock: Clock) -> None:
    gated = Gated()
    async with _served(table, clock, gated.app()) as address, _client() as staying:
        async with _client() as leaving, contextlib.AsyncExitStack() as open_streams:
            for number in range(10):
                await open_streams.enter_async_context(leaving.stream(**_question(address, f"走{number}")))
            asking = asyncio.create_task(staying.request(**_question(address, "留")))
            await until(lambda: gated.listening == 11)
        await until(lambda: gated.listening == 1)
        gated.go.set()
        assert said((await asking).text) == "留" + "！？。" * 5


async def test_a_hundred_at_once_are_all_answered_and_none_waits_for_another(
    table: SqliteTable, clock: Clock
) -> None:
    gated = Gated()
    async with (
        _served(table, clock, gated.app(), CHAT_VISITOR_DAILY_LIMIT="0") as address,
        _client() as client,
    ):
        asking = [asyncio.create_task(client.request(**_question(address, f"第{n}"))) for n in range(MANY)]
        await until(lambda: gated.listening == MANY, seconds=60)
        gated.go.set()
        answers = [(await response).text for response in asking]
    assert [said(text) for text in answers] == [f"第{n}" + "！？。" * 5 for n in range(MANY)]
    assert all(frames(text)[-1] == DONE for text in answers)
    assert gated.listening == 0


async def test_of_fifty_over_http_at_once_exactly_the_limit_is_answered(
    table: SqliteTable, clock: Clock
) -> None:
    upstream = Upstream(lambda question: Behaviour(seconds=0.05))
    async with (
        _served(table, clock, upstream.app(), CHAT_VISITOR_DAILY_LIMIT="10") as address,
        _client() as client,
    ):
        answers = await asyncio.gather(*(client.request(**_question(address, "?")) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] * 10 + [429] * 40
    assert len(upstream.calls) == 10


@pytest.mark.parametrize(
    ("behaviour", "code", "before"),
    [
        (Behaviour(text="一二三四", pieces=4, breaks_after=2), "broken", "一二"),
        (Behaviour(status=401), "misconfigured", ""),
        (Behaviour(status=400), "refused", ""),
        (Behaviour(raw="data: {not json}\n\n"), "broken", ""),
        (Behaviour(raw=_delta("一") + 'data: {"error": {"message": "sk-x"}}\n\n'), "broken", "一"),
        (Behaviour(raw="data: [DONE]\n\n"), "empty", ""),
    ],
)
async def test_a_service_that_breaks_ends_the_stream_with_a_reason(
    table: SqliteTable, clock: Clock, behaviour: Behaviour, code: str, before: str
) -> None:
    upstream = Upstream(lambda question: behaviour)
    async with _served(table, clock, upstream.app()) as address, _client() as client:
        response = await client.request(**_question(address, "你好"))
    *pieces, error, done = frames(response.text)
    assert "".join(piece["message"] for piece in pieces) == before
    assert (error["success"], error["code"], done) == (False, code, DONE)
    assert "sk-x" not in response.text


async def test_a_body_of_a_megabyte_is_refused_over_http_too(table: SqliteTable, clock: Clock) -> None:
    upstream = Upstream(lambda question: Behaviour())
    async with _served(table, clock, upstream.app()) as address, _client() as client:
        for _ in range(3):
            response = await client.request(**_question(address, "长" * (1 << 20)))
            assert (response.status_code, response.json()["code"]) == (413, "too_large")
        assert (await client.request(**_question(address, "短"))).status_code == 200


# The stream by itself


async def _sent(stream: EventStream, disconnect: asyncio.Event, sent: list[bytes]) -> list[bytes]:
    async def receive() -> dict[str, Any]:
        await disconnect.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message.get("body", b"start"))

    await stream({"type": "http"}, receive, send)
    return sent


async def test_while_nothing_comes_a_comment_keeps_the_stream_alive() -> None:
    go = asyncio.Event()

    async def events() -> AsyncGenerator[bytes]:
        yield event({"n": 1})
        await go.wait()
        yield event({"n": 2})

    sent: list[bytes] = []
    sending = asyncio.create_task(_sent(EventStream(events(), heartbeat=0.01), asyncio.Event(), sent))
    await until(lambda: len(sent) > 4)
    go.set()
    start, first, *comments, second, end = await sending
    assert (start, first, second, end) == (b"start", event({"n": 1}), event({"n": 2}), b"")
    assert set(comments) == {b": still there\n\n"}


async def test_the_source_is_closed_when_the_visitor_is_gone() -> None:
    gone, closed = asyncio.Event(), []

    async def events() -> AsyncGenerator[bytes]:
        try:
            yield event({"n": 1})
            gone.set()
            await asyncio.Event().wait()
        finally:
            closed.append(True)

    assert await _sent(EventStream(events()), gone, []) == [b"start", event({"n": 1})]
    assert closed == [True]


def test_an_event_is_one_line_whatever_is_in_it() -> None:
    text = "一\n\ndata: [DONE]\r\n\u2028\x00\x85"
    made = event({"message": text})
    assert made.startswith(b"data: ")
    assert made.endswith(b"\n\n")
    assert b"\n" not in made[:-2]
    assert b"\r" not in made
    assert json.loads(made[6:]) == {"message": text}
