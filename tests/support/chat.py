"""The web chat over ASGI: visitors with addresses and cookies of their own, and a played model."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any

import httpx
from fastapi import FastAPI

from chat_app.app import make_app
from chat_app.services import ChatModel, ChatServices
from tests.support.clock import Clock
from wechat_oa.ai.errors import ModelError
from wechat_oa.settings import AiSettings, read_settings
from wechat_oa.store.table import Table

PASSWORD = "the owner's 密码"
ENVIRONMENT = {
    "OPENAI_API_URL": "https://model.example/v1",
    "OPENAI_API_KEY": "sk-deployed",
    "OPENAI_MODEL": "deployed-model",
    "OPENAI_PROMPT": "你是小店的助手。",
    "OPENAI_CONFIG_PASSWORD": PASSWORD,
}
DONE = "[DONE]"


class PlayedModel:
    """Answers every question with ``pieces``, then fails with ``failure`` if there is one."""

    def __init__(self, *pieces: str, failure: ModelError | None = None) -> None:
        self.pieces: Sequence[str] = pieces or ("你", "好")
        self.failure = failure
        self.asked: list[list[Mapping[str, Any]]] = []
        self.settings: list[AiSettings] = []
        """With which settings each question was asked."""

    def __call__(self, ai: AiSettings) -> ChatModel:
        return _Asked(self, ai)


class _Asked:
    def __init__(self, played: PlayedModel, ai: AiSettings) -> None:
        self._played = played
        self._ai = ai

    async def answer(
        self, messages: Sequence[Mapping[str, Any]], *, seconds: float | None = None
    ) -> AsyncGenerator[str]:
        self._played.asked.append([dict(message) for message in messages])
        self._played.settings.append(self._ai)
        for piece in self._played.pieces:
            yield piece
        if self._played.failure:
            raise self._played.failure


class Chat:
    """One deployment of the chat."""

    def __init__(
        self, table: Table, clock: Clock, model: Callable[[AiSettings], ChatModel], **environment: str
    ) -> None:
        """``environment`` goes over ENVIRONMENT."""
        self.clock = clock
        settings = read_settings({**ENVIRONMENT, **environment})
        self.services = ChatServices(settings, table, model, clock)
        self.app: FastAPI = make_app(self.services)

    def visitor(self, address: str = "203.0.113.1", **headers: str) -> httpx.AsyncClient:
        """Return a browser at an address. ``headers`` go with each request, ``_`` standing for ``-``."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, client=(address, 50_000)),
            base_url="https://chat.example",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )


async def ask(visitor: httpx.AsyncClient, message: str = "你好", **more: Any) -> httpx.Response:
    """Ask a question."""
    return await visitor.post("/chat/api/send", json={"message": message, **more})


def frames(text: str) -> list[Any]:
    """Return the events of a stream; the end is DONE. Comments are no events."""
    assert text.endswith("\n\n")
    found: list[Any] = []
    for block in text[:-2].split("\n\n"):
        if block.startswith(":"):
            continue
        assert block.startswith("data: ")
        assert "\n" not in block
        data = block.removeprefix("data: ")
        found.append(DONE if data == DONE else json.loads(data))
    return found


def said(text: str) -> str:
    """Return all pieces of an answer together."""
    return "".join(frame["message"] for frame in frames(text) if frame != DONE and "message" in frame)


def refusal(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check that a response refuses as the page expects it, and return its body."""
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["code"], body["success"]) == (status, code, False), body
    assert body["error"]
    assert "server-timing" in response.headers
    return body
