"""When a service is asked once more, and by which way it is reached."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator

import httpx2
import pytest

from tests.support.serving import serving
from tests.support.upstream import Behaviour, Upstream
from tests.unit.model_service import (
    MESSAGES,
    Service,
    events,
    failed,
    model_of,
    refusal,
)
from wechat_oa.ai.model import Model
from wechat_oa.ai.service import make_model_client
from wechat_oa.settings import AiSettings

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
SAID_BY_PROXY = '{"choices": [{"message": {"content": "经过代理"}}]}'.encode()


async def test_a_service_that_stays_busy_is_asked_three_times() -> None:
    service = Service(refusal(503))
    async with model_of(service) as model:
        _, failure = await failed(model.answer(MESSAGES))
    assert (failure.failure, len(service.requests)) == ("busy", 3)


@pytest.mark.parametrize(
    "headers",
    [{"retry-after": "21"}, {"retry-after-ms": "60000"}, {"x-should-retry": "false", "retry-after": "0"}],
)
async def test_a_service_that_wants_no_other_try_soon_is_asked_once(headers: dict[str, str]) -> None:
    service = Service(lambda request: httpx2.Response(429, headers=headers))
    async with model_of(service) as model:
        _, failure = await failed(model.answer(MESSAGES))
    assert (failure.failure, len(service.requests)) == ("busy", 1)


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_what_another_try_would_not_change_is_asked_once(status: int) -> None:
    service = Service(lambda request: httpx2.Response(status))
    async with model_of(service) as model:
        await failed(model.answer(MESSAGES))
    assert len(service.requests) == 1


async def test_a_wait_that_makes_no_sense_is_not_waited_for() -> None:
    service = Service(
        lambda request: httpx2.Response(503, headers={"retry-after": "soon", "retry-after-ms": "-5"}),
        events(b'data: {"choices": [{"delta": {"content": "\xe5\xa5\xbd"}}]}\n\n', b"data: [DONE]\n\n"),
    )
    async with model_of(service) as model:
        assert [piece async for piece in model.answer(MESSAGES)] == ["好"]


# A proxy


@contextlib.asynccontextmanager
async def _proxy() -> AsyncGenerator[tuple[str, list[str]]]:
    """A proxy that answers itself; gives its address and the first line of every request."""
    lines: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append((await reader.readline()).decode().strip())
        await reader.readuntil(b"\r\n\r\n")
        head = (
            f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(SAID_BY_PROXY)}\r\n"
        )
        writer.write(f"{head}connection: close\r\n\r\n".encode() + SAID_BY_PROXY)
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", lines


@pytest.fixture(autouse=True)
def _without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def _answer(http: httpx2.AsyncClient, api_url: str) -> str:
    model = Model(AiSettings(api_url=api_url, interaction_mode="block"), http)
    return "".join([piece async for piece in model.answer(MESSAGES)])


async def test_a_proxy_that_the_environment_names_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with _proxy() as (address, lines):
        monkeypatch.setenv("HTTP_PROXY", address)
        async with make_model_client() as http:
            assert await _answer(http, "http://model.test/v1") == "经过代理"
    assert lines == ["POST http://model.test/v1/chat/completions HTTP/1.1"]


async def test_no_proxy_comes_between_this_machine_and_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    upstream = Upstream(lambda _: Behaviour("直接来的"))
    async with _proxy() as (address, lines), serving(upstream.app()) as here:
        monkeypatch.setenv("HTTP_PROXY", address)
        async with make_model_client(without_proxy=here) as http:
            assert await _answer(http, f"{here}/v1") == "直接来的"
            assert await _answer(http, "http://model.test/v1") == "经过代理"
    assert len(lines) == 1
