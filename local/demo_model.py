"""A model to try everything with when there is no key: OpenAI's protocol, a scripted answer, any pace.

It is a real HTTP endpoint that the real client calls, so that a demo goes the whole way.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import re
import time
from collections.abc import AsyncGenerator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

PATH = "/demo-model/v1"
MODEL = "demo"
_PIECE_CHARACTERS = 4
_MAX_SECONDS = 120.0
_MAX_BODY = 1 << 20


class Pace:
    """How long the demo model takes for an answer; changed while it runs."""

    def __init__(self, seconds: float) -> None:
        """``seconds`` from the question to the end of the answer."""
        self.seconds = seconds


class DemoModel:
    """Answers ``/chat/completions`` with a text that says what it is."""

    def __init__(self, pace: Pace, api_key: str) -> None:
        """Only requests with ``api_key`` are answered."""
        self._pace = pace
        self._authorization = f"Bearer {api_key}".encode()

    def routes(self) -> list[Route]:
        """The routes of the endpoint, under ``/demo-model/v1``."""
        return [Route(f"{PATH}/chat/completions", self._complete, methods=["POST"])]

    async def _complete(self, request: Request) -> Response:
        given = request.headers.get("authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._authorization):
            return _error(401, "invalid_api_key")
        try:
            if int(request.headers.get("content-length", "0")) > _MAX_BODY:
                return _error(413, "too_large")
            asked = await request.json()
            messages = [(str(m["role"]), _text_of(m["content"])) for m in asked["messages"]]
            model = str(asked["model"])
            stream = bool(asked.get("stream"))
        except (ValueError, KeyError, TypeError):
            return _error(400, "invalid_request")
        seconds = self._seconds(model)
        answer = _answer(messages, seconds)
        if stream:
            return StreamingResponse(_stream(answer, seconds), media_type="text/event-stream")
        await asyncio.sleep(seconds)
        message = {"role": "assistant", "content": answer}
        return JSONResponse({**_envelope(), "choices": [{"index": 0, "message": message}]})

    def _seconds(self, model: str) -> float:
        """A model named ``demo-20s`` takes 20 seconds, whatever the pace is set to."""
        if named := re.fullmatch(rf"{MODEL}-(\d{{1,3}}(?:\.\d+)?)s", model):
            return min(float(named[1]), _MAX_SECONDS)
        return self._pace.seconds


def _answer(messages: list[tuple[str, str]], seconds: float) -> str:
    question = next((text for role, text in reversed(messages) if role == "user"), "")
    earlier = sum(1 for role, _ in messages if role == "user") - 1
    memory = f"我还记得我们之前的 {earlier} 轮对话。" if earlier else "这是我们的第一轮对话。"
    return (
        f"【演示模型】我不是 AI，只是一段写好的文字，用来试一试整条路通不通。\n\n"
        f"你刚才说的是：「{question[:200]}」。{memory}\n\n"
        f"这个回答用 **{seconds:g} 秒**慢慢写完。你可以试试：\n\n"
        "1. 把快慢调到 8 秒：微信会等完第一个 5 秒再来问一次，回答仍然完整；\n"
        "2. 调到 20 秒：三次机会用完也写不完，先收到开头，回复「继续」看后面；\n"
        "3. 连着发两条消息：会按顺序回答，后一条记得前一条。\n\n"
        "要换成真正的 AI，在 `.env` 里填上 `OPENAI_API_KEY`（需要的话还有 `OPENAI_API_URL` "
        "和 `OPENAI_MODEL`），再运行一次就好。OpenAI、DeepSeek、通义千问、Kimi、智谱、Ollama 都可以。"
    )


def _text_of(content: object) -> str:
    if isinstance(content, list):
        texts = [part.get("text") or "［图片］" for part in content if isinstance(part, dict)]
        return " ".join(texts)
    return str(content)


async def _stream(answer: str, seconds: float) -> AsyncGenerator[str]:
    """Pieces of a few characters, evenly over the time."""
    pieces = [answer[i : i + _PIECE_CHARACTERS] for i in range(0, len(answer), _PIECE_CHARACTERS)]
    now = asyncio.get_running_loop().time
    began = now()
    for number, piece in enumerate(pieces, 1):
        await asyncio.sleep(max(0.0, began + seconds * number / len(pieces) - now()))
        yield _event({"delta": {"content": piece}, "finish_reason": None})
    yield _event({"delta": {}, "finish_reason": "stop"})
    yield "data: [DONE]\n\n"


def _event(choice: dict[str, Any]) -> str:
    chunk = {**_envelope(), "object": "chat.completion.chunk", "choices": [{"index": 0, **choice}]}
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"


def _envelope() -> dict[str, Any]:
    return {"id": "chatcmpl-demo", "object": "chat.completion", "created": int(time.time()), "model": MODEL}


def _error(status: int, code: str) -> Response:
    return JSONResponse({"error": {"message": code, "code": code}}, status_code=status)
