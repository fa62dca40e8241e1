"""The model over real HTTP: streamed, cut, slow, and let go early."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, StreamingResponse
from starlette.routing import Route

from tests.support.serving import serving
from tests.support.upstream import Behaviour, Upstream
from tests.support.waiting import until
from tests.unit.model_service import (
    MESSAGES,
    QUESTION,
    event,
    failed,
)
from wechat_oa.ai.model import Model
from wechat_oa.ai.service import make_model_client
from wechat_oa.settings import AiSettings


@asynccontextmanager
async def _service(behaviour: Behaviour, **changes: Any) -> AsyncGenerator[tuple[Upstream, Model]]:
    upstream = Upstream(lambda question: behaviour)
    async with serving(upstream.app()) as address:
        settings = AiSettings(api_url=f"{address}/v1", **changes)
        async with make_model_client() as http:
            yield upstream, Model(settings, http)


@pytest.mark.parametrize("mode", ["stream", "block"])
async def test_an_answer_arrives(mode: str) -> None:
    text = "这是一个**回答**，有😀。" * 20
    async with _service(Behaviour(text), interaction_mode=mode) as (upstream, model):
        pieces = [piece async for piece in model.answer(MESSAGES)]
    assert "".join(pieces) == text
    assert upstream.questions() == [QUESTION]


async def test_a_connection_that_is_cut_breaks_the_answer_but_keeps_what_was_said() -> None:
    async with _service(Behaviour("字" * 20, pieces=20, seconds=0.2, breaks_after=10)) as (_, model):
        said, failure = await failed(model.answer(MESSAGES))
    assert (said, failure.failure) == ("字" * 10, "broken")


async def test_a_slow_answer_runs_out_of_time() -> None:
    async with _service(Behaviour("字" * 20, seconds=20)) as (_, model):
        said, failure = await failed(model.answer(MESSAGES, seconds=0.2))
    assert (said, failure.failure) == ("", "timeout")


async def test_a_service_that_points_elsewhere_is_not_followed() -> None:
    """It could point into a private network, and what a visitor wrote would go along."""
    upstream = Upstream(lambda question: Behaviour("好"))

    async def elsewhere(request: Request) -> RedirectResponse:
        return RedirectResponse(f"{address}/v1/chat/completions", 307)

    app = Starlette(routes=[Route("/chat/completions", elsewhere, methods=["POST"])])
    async with serving(upstream.app()) as address, serving(app) as pointing, make_model_client() as http:
        said, failure = await failed(Model(AiSettings(api_url=pointing), http).answer(MESSAGES))
    assert (said, failure.failure) == ("", "misconfigured")
    assert upstream.calls == []


async def test_closing_the_answer_early_ends_it_for_the_service_too() -> None:
    ended = asyncio.Event()

    async def endless(request: Request) -> StreamingResponse:
        async def events() -> AsyncGenerator[bytes]:
            try:
                while True:
                    yield event("字")
                    await asyncio.sleep(0.01)
            finally:
                ended.set()

        return StreamingResponse(events(), media_type="text/event-stream")

    app = Starlette(routes=[Route("/chat/completions", endless, methods=["POST"])])
    async with serving(app) as address, make_model_client() as http:
        answer = Model(AiSettings(api_url=address), http).answer(MESSAGES)
        assert await anext(answer) == "字"
        await answer.aclose()
        await until(ended.is_set)
