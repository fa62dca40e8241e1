"""A visitor's question and the model's answer, streamed or whole."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from chat_app.bodies import read_body
from chat_app.errors import MODEL_FAILURES, Refusal
from chat_app.measuring import Timing
from chat_app.services import ChatServices
from chat_app.stream import DONE, EventStream, event, piece_event, unless_left
from chat_app.visitors import has_access, visitor
from wechat_oa.ai.errors import ModelError
from wechat_oa.ai.usage import count_usage
from wechat_oa.settings import AiSettings

log = logging.getLogger(__name__)

MAX_MESSAGE = 4_000
"""Characters of a question."""
MAX_HISTORY = 16_000
"""Characters of the history that go to the model: the latest that fit."""
MAX_TURNS = 100
HEADER_PATIENCE = 1.0
"""Seconds that the response's headers wait for the model, so that they can tell how long it took."""


class HistoryMessage(BaseModel):
    """One earlier message. A visitor speaks for both sides, but never for the system."""

    role: Literal["user", "assistant"]
    content: Annotated[str, Field(max_length=100_000)]


class Question(BaseModel):
    """What the page, and every client of this API, sends."""

    model_config = ConfigDict(str_strip_whitespace=True)

    message: Annotated[str, Field(min_length=1, max_length=MAX_MESSAGE)]
    history: Annotated[list[HistoryMessage], Field(max_length=MAX_TURNS)] = []


async def answer_question(services: ChatServices, request: Request) -> Response:
    """Return the response to a question: a stream of events, or in block mode one JSON object.

    Raises Refusal: a body that makes no sense, no access, over the day's limits; StoreError.
    """
    timing: Timing = request.state.timing
    question = await read_body(request, Question)
    timing.mark("parse")
    if not has_access(services, request):
        raise Refusal(401, "access_required", "请先输入验证码。关注公众号，发送「验证码」就能拿到。")
    ai = services.ai
    _take_quota(services, visitor(services, request))
    messages = _messages(ai, question)
    timing.mark("config")
    timing.usage = count_usage()
    pieces = services.model(ai).answer(messages)
    if ai.interaction_mode == "block":
        whole = await unless_left(request.receive, _whole(pieces, timing))
        if whole is None:
            raise Refusal(499, "left", "请求没有等到回答。")
        return whole
    return await _stream(pieces, timing)


def _take_quota(services: ChatServices, who: str) -> None:
    settings = services.settings
    if not services.quota.take("chat", who, settings.chat_visitor_daily_limit):
        raise Refusal(429, "over_limit", "你今天的提问次数用完了，明天再来吧。")
    if not services.quota.take("chat", "*", settings.chat_daily_limit):
        raise Refusal(429, "over_limit", "今天来提问的人太多，次数用完了，明天再来吧。")


def _messages(ai: AiSettings, question: Question) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = []
    budget = MAX_HISTORY
    for earlier in reversed(question.history):
        budget -= len(earlier.content)
        if budget < 0:
            break
        kept.append({"role": earlier.role, "content": earlier.content})
    system = [{"role": "system", "content": ai.prompt}] if ai.prompt else []
    return [*system, *reversed(kept), {"role": "user", "content": question.message}]


async def _whole(pieces: AsyncGenerator[str], timing: Timing) -> Response:
    text = ""
    try:
        async with contextlib.aclosing(pieces):
            async for piece in pieces:
                text += piece
    except ModelError as error:
        _note(timing, error)
        if text and error.failure == "too_long":
            text += f"\n\n（{MODEL_FAILURES['too_long']}）"
            return _block(text)
        status = {"timeout": 504, "busy": 503}.get(error.failure, 502)
        raise Refusal(status, error.failure, MODEL_FAILURES[error.failure]) from error
    timing.mark("upstream")
    return _block(text)


def _block(text: str) -> Response:
    return JSONResponse({"success": True, "message": text, "interaction_mode": "block"})


async def _stream(pieces: AsyncGenerator[str], timing: Timing) -> Response:
    first = asyncio.ensure_future(anext(pieces, None))
    try:
        await asyncio.wait((first,), timeout=HEADER_PATIENCE)
    except asyncio.CancelledError:
        first.cancel()
        raise
    if first.done():
        timing.mark("upstream")
    return EventStream(_events(first, pieces, timing))


async def _events(
    first: asyncio.Future[str | None], pieces: AsyncGenerator[str], timing: Timing
) -> AsyncGenerator[bytes]:
    try:
        async with contextlib.aclosing(pieces):
            piece = await first
            if "upstream" not in timing.stages:
                timing.mark("upstream")
            while piece is not None:
                yield piece_event(piece)
                piece = await anext(pieces, None)
    except ModelError as error:
        _note(timing, error)
        yield event({"success": False, "error": MODEL_FAILURES[error.failure], "code": error.failure})
    finally:
        first.cancel()
    yield DONE


def _note(timing: Timing, error: ModelError) -> None:
    log.warning("the model failed: %s", error)
    timing.failure = error.failure
