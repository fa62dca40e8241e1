"""A model service that is a function: what it answers, chunk by chunk, and what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from wechat_oa.ai.errors import ModelError
from wechat_oa.ai.model import Model
from wechat_oa.settings import AiSettings

QUESTION = "我的秘密问题 max_tokens temperature"
KEY = "sk-very-secret-key"
MESSAGES = [{"role": "user", "content": QUESTION}]
AT_ONCE = {"retry-after-ms": "1"}
"""Lets the client's own retries follow each other without a pause."""

DEFAULTS = {"api_url": "http://model.test/v1", "api_key": KEY, "model": "m", "max_tokens": 300}

Answering = Callable[[httpx2.Request], httpx2.Response]


class Stream(httpx2.AsyncByteStream):
    """A body in chunks; a number is a pause in seconds, an exception breaks it off."""

    def __init__(self, chunks: Iterable[bytes | float | Exception]) -> None:
        self._chunks = chunks
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            if isinstance(chunk, Exception):
                raise chunk
            if isinstance(chunk, bytes):
                yield chunk
            else:
                await asyncio.sleep(chunk)

    async def aclose(self) -> None:
        self.closed = True


def event(text: str | None, **more: Any) -> bytes:
    """One event of a stream; ``more`` goes into its choice."""
    choice = {"index": 0, "delta": {"content": text}, **more}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def events(*chunks: bytes | float | Exception) -> Answering:
    """A service that streams these chunks."""
    headers = {"content-type": "text/event-stream; charset=utf-8"}
    return lambda request: httpx2.Response(200, headers=headers, stream=Stream(chunks))


def json_answer(document: Any, status: int = 200) -> Answering:
    """A service that answers with one document."""
    return lambda request: httpx2.Response(status, json=document, headers=AT_ONCE)


def refusal(status: int, **error: Any) -> Answering:
    """A refusal that quotes what it should not."""
    message = f"no: {QUESTION} with {KEY}"
    return json_answer(
        {"error": {"message": message, "type": "t", "param": None, "code": None, **error}}, status
    )


class Service:
    """Answers one request after the other as the script says, the last for ever; keeps what it was asked."""

    def __init__(self, *script: Answering) -> None:
        self._script = list(script)
        self.asked: list[dict[str, Any]] = []
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if "json" in request.headers.get("content-type", ""):
            self.asked.append(json.loads(request.content))
        return (self._script.pop(0) if len(self._script) > 1 else self._script[0])(request)


@asynccontextmanager
async def model_of(answering: Answering, **changes: Any) -> AsyncGenerator[Model]:
    settings = AiSettings(**{**DEFAULTS, **changes})
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answering)) as http:
        yield Model(settings, http)


async def pieces_of(answering: Answering, **changes: Any) -> list[str]:
    async with model_of(answering, **changes) as model:
        return [piece async for piece in model.answer(MESSAGES)]


async def failed(answer: AsyncGenerator[str]) -> tuple[str, ModelError]:
    """What an answer said before it failed, and how it failed."""
    said = ""
    with pytest.raises(ModelError) as failure:  # noqa: PT012  (what came before counts too)
        async for piece in answer:
            said += piece
    return said, failure.value


async def failure_of(answering: Answering, said: str = "", **changes: Any) -> ModelError:
    """The failure, after the model has said what is expected."""
    async with model_of(answering, **changes) as model:
        heard, failure = await failed(model.answer(MESSAGES))
    assert heard == said
    return failure
