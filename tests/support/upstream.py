"""An OpenAI-compatible service whose pace and faults the test decides, and which counts what it is asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route


@dataclass(frozen=True)
class Behaviour:
    """How one question is answered."""

    text: str = "好的。"
    seconds: float = 0.0
    """From the question to the end of the answer."""
    pieces: int = 20
    silent_until_end: bool = False
    """Whether everything comes at the end."""
    status: int = 200
    breaks_after: int | None = None
    """After how many pieces the connection is cut."""
    raw: str | None = None
    """A body to send as it is, instead of events."""


Script = Callable[[str], Behaviour]


@dataclass
class Upstream:
    """The service; ``script`` tells how to answer a question."""

    script: Script
    calls: list[list[dict[str, Any]]] = field(default_factory=list)
    """The messages of each request, in order."""
    voices: list[bytes] = field(default_factory=list)
    models: Response | None = None
    """What is answered to who asks for the list of models."""
    keys: list[str] = field(default_factory=list)
    """The key of each of them."""

    def questions(self) -> list[str]:
        """The question of each request."""
        return [_question(messages) for messages in self.calls]

    def app(self) -> Starlette:
        """The application."""
        return Starlette(
            routes=[
                Route("/v1/chat/completions", self._complete, methods=["POST"]),
                Route("/v1/audio/transcriptions", self._transcribe, methods=["POST"]),
                Route("/v1/models", self._list),
            ]
        )

    async def _transcribe(self, request: Request) -> Response:
        self.voices.append(await request.body())
        return JSONResponse({"text": "今天天气怎么样"})

    async def _list(self, request: Request) -> Response:
        self.keys.append(request.headers["authorization"].removeprefix("Bearer "))
        return self.models or JSONResponse({"error": {"message": "no", "code": "no"}}, 404)

    async def _complete(self, request: Request) -> Response:
        asked = await request.json()
        self.calls.append(asked["messages"])
        behaviour = self.script(_question(asked["messages"]))
        if behaviour.status != 200:
            return JSONResponse({"error": {"message": "no", "code": "no"}}, behaviour.status)
        if behaviour.raw is not None:
            return PlainTextResponse(behaviour.raw, media_type="text/event-stream")
        if not asked.get("stream"):
            await asyncio.sleep(behaviour.seconds)
            return JSONResponse({"choices": [{"message": {"content": behaviour.text}}]})
        return StreamingResponse(_events(behaviour), media_type="text/event-stream")


async def _events(behaviour: Behaviour) -> AsyncGenerator[str]:
    count = max(1, min(behaviour.pieces, len(behaviour.text)))
    size = -(-len(behaviour.text) // count)
    now = asyncio.get_running_loop().time
    began = now()
    if behaviour.silent_until_end:
        await asyncio.sleep(behaviour.seconds)
    for number in range(count):
        if behaviour.breaks_after == number:
            raise ConnectionError("cut")
        if not behaviour.silent_until_end:
            await asyncio.sleep(max(0.0, began + behaviour.seconds * (number + 1) / count - now()))
        yield _event(behaviour.text[number * size : (number + 1) * size])
    yield "data: [DONE]\n\n"


def _event(text: str) -> str:
    return f"data: {json.dumps({'choices': [{'index': 0, 'delta': {'content': text}}]})}\n\n"


def _question(messages: list[dict[str, Any]]) -> str:
    content = messages[-1]["content"]
    return content if isinstance(content, str) else str(content[0]["text"])
