"""The owner asks which models a service has, before anything is saved."""

from __future__ import annotations

import httpx
import pytest
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from tests.support.chat import PASSWORD, Chat, PlayedModel, refusal
from tests.support.clock import Clock
from tests.support.serving import free_port, serving
from tests.support.upstream import Behaviour, Upstream
from wechat_oa.store.local_table import SqliteTable


@pytest.fixture
def owner(table: SqliteTable, clock: Clock) -> httpx.AsyncClient:
    return Chat(table, clock, PlayedModel()).visitor()


async def _list(owner: httpx.AsyncClient, api_url: str, **more: str) -> httpx.Response:
    return await owner.post("/chat/api/models", json={"password": PASSWORD, "api_url": api_url, **more})


def _upstream(models: Response | None) -> Upstream:
    return Upstream(lambda _: Behaviour(), models=models)


async def test_the_names_are_listed_sorted_and_asked_for_with_the_key_in_the_form(
    owner: httpx.AsyncClient,
) -> None:
    listed = [{"id": name, "object": "model"} for name in ("qwen-plus", "deepseek-chat", "x" * 201)]
    upstream = _upstream(JSONResponse({"object": "list", "data": listed}))
    async with serving(upstream.app()) as address:
        answer = await _list(owner, f"{address}/v1/chat/completions", api_key="sk-typed")
    assert (answer.status_code, answer.json()) == (200, {"models": ["deepseek-chat", "qwen-plus"]})
    assert upstream.keys == ["sk-typed"]


async def test_the_key_that_is_deployed_is_not_told_to_another_service(owner: httpx.AsyncClient) -> None:
    upstream = _upstream(JSONResponse({"object": "list", "data": []}))
    async with serving(upstream.app()) as address:
        assert (await _list(owner, f"{address}/v1")).json() == {"models": []}
    assert upstream.keys == ["none"]


@pytest.mark.parametrize(
    ("models", "code"),
    [
        (None, "misconfigured"),
        (JSONResponse({"error": {"message": "bad key sk-secret"}}, 401), "misconfigured"),
        (JSONResponse({}, 503), "busy"),
        (RedirectResponse("/v1/chat/completions", 302), "misconfigured"),
        (PlainTextResponse("<html>", media_type="text/html"), "broken"),
        (PlainTextResponse("{", media_type="application/json"), "broken"),
        (JSONResponse({"data": [1, None]}), "broken"),
        (JSONResponse([]), "broken"),
    ],
)
async def test_what_went_wrong_is_said(owner: httpx.AsyncClient, models: Response | None, code: str) -> None:
    async with serving(_upstream(models).app()) as address:
        body = refusal(await _list(owner, f"{address}/v1", api_key="sk-secret"), 400, code)
    assert "sk-secret" not in str(body)


async def test_an_address_where_nobody_is_cannot_be_reached(owner: httpx.AsyncClient) -> None:
    refusal(await _list(owner, f"http://127.0.0.1:{free_port()}/v1"), 400, "unreachable")


async def test_without_the_password_nothing_is_asked(owner: httpx.AsyncClient) -> None:
    upstream = _upstream(JSONResponse({"object": "list", "data": []}))
    async with serving(upstream.app()) as address:
        json = {"password": "wrong", "api_url": f"{address}/v1"}
        refusal(await owner.post("/chat/api/models", json=json), 401, "wrong_password")
    assert upstream.keys == []
