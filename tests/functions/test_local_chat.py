"""The web chat as ``python -m local`` serves it: the page, the API under every path, what the owner saves."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

import httpx
import pytest

from local.banner import banner
from local.house import House
from tests.support.account import environment, running_here
from tests.support.chat import said
from tests.support.serving import free_port, serving
from tests.support.upstream import Behaviour, Upstream
from wechat_oa.page_headers import site_headers
from wechat_oa.settings import AiSettings

PASSWORD = "correct horse"


def _demo(data_dir: Path, **more: str) -> dict[str, str]:
    return {
        "WECHAT_OA_DATA_DIR": str(data_dir),
        "WECHAT_OA_DEMO_SECONDS": "0",
        "OPENAI_CONFIG_PASSWORD": PASSWORD,
        **more,
    }


@contextlib.asynccontextmanager
async def _served(settings: Mapping[str, str]) -> AsyncGenerator[httpx.AsyncClient]:
    headers = {"X-Config-Password": PASSWORD}
    async with (
        running_here(settings) as address,
        httpx.AsyncClient(base_url=address, headers=headers, trust_env=False) as http,
    ):
        yield http


async def _answer(http: httpx.AsyncClient) -> str:
    return said((await http.post("/chat/api/send", json={"message": "你好"})).text)


async def test_the_page_and_its_api_are_there_with_and_without_the_context_path(tmp_path: Path) -> None:
    settings = _demo(tmp_path, WECHAT_MSG_CONTEXT_PATH="/wechat-oa")
    async with _served(settings) as http:
        for prefix in ("", "/wechat-oa"):
            redirect = await http.get(f"{prefix}/chat")
            assert redirect.is_redirect
            page = await http.get(redirect.headers["location"])
            assert "<title>" in page.text
            assert site_headers().items() <= dict(page.headers).items()
            assert page.headers["cache-control"] == "no-cache"
            assert (await http.get(f"{prefix}/chat/js/main.js")).status_code == 200
            for path in ("/chat/api/config", "/api/config"):
                assert (await http.get(prefix + path)).json()["aiService"] == "openai"
            for path in ("/chat/api/send", "/api/chat"):
                answer = await http.post(prefix + path, json={"message": "你好"})
                assert "演示模型" in said(answer.text)
                assert answer.text.endswith("data: [DONE]\n\n")
        assert (await http.get("/chat/../README.md")).status_code == 404
        assert (await http.get("/chat/%2e%2e/app.py")).status_code == 404


async def test_a_piece_is_there_before_the_answer_is_whole(tmp_path: Path) -> None:
    settings = _demo(tmp_path, WECHAT_OA_DEMO_SECONDS="2")
    arrived = []
    async with _served(settings) as http:
        async with http.stream("POST", "/chat/api/send", json={"message": "你好"}) as answer:
            arrived = [time.monotonic() async for line in answer.aiter_lines() if line.startswith("data:")]
        assert arrived[-1] - arrived[0] > 1
        assert len(set(arrived)) > 10


async def test_where_only_the_account_has_a_model_the_demo_answers_the_web_chat(tmp_path: Path) -> None:
    settings = _demo(tmp_path, OPENAI_WECHAT_API_KEY="sk-a", OPENAI_WECHAT_API_URL="http://127.0.0.1:9")
    async with _served(settings) as http:
        assert "演示模型" in await _answer(http)
        assert (await http.get("/health")).json()["model"] == "configured"


async def test_a_prompt_saved_with_the_demo_stays_and_a_model_configured_later_is_asked(
    tmp_path: Path,
) -> None:
    upstream = Upstream(lambda _: Behaviour("真的回答"))
    async with _served(_demo(tmp_path)) as http:
        shown = (await http.get("/chat/api/settings")).json()["chat"]
        form = {name: shown[name] for name in ("api_url", "model", "temperature", "max_tokens")}
        saved = await http.post("/chat/api/config", json={**form, "system_prompt": "你是茶馆的小二"})
        assert saved.status_code == 200, saved.text
        assert "演示模型" in await _answer(http)
    async with serving(upstream.app()) as address:
        settings = _demo(tmp_path, OPENAI_API_KEY="sk-real", OPENAI_API_URL=f"{address}/v1")
        async with _served(settings) as http:
            assert await _answer(http) == "真的回答"
    assert upstream.calls[0][0] == {"role": "system", "content": "你是茶馆的小二"}


@pytest.mark.parametrize("configured", [True, False])
async def test_the_banner_names_the_model_that_the_owner_saved(tmp_path: Path, configured: bool) -> None:
    settings = environment(tmp_path, "http://127.0.0.1:9") if configured else _demo(tmp_path)
    house = House({**settings, "WECHAT_MSG_SERVER_PORT": str(free_port())})
    try:
        assert house.demo_answers is not configured
        assert ("演示模型：" in banner(house)) is not configured
        saved = AiSettings(api_url="https://saved.example/v1", api_key="sk-s", model="saved-model")
        house.services.config.save_ai("wechat", saved, house.settings.wechat)
        text = banner(house)
        assert "saved-model   https://saved.example/v1" in text
        assert "sk-s" not in text
        assert not house.demo_answers
    finally:
        await house.stop()
