"""The owner's settings: closed without the password, tried before they are saved, and never told a key."""

from __future__ import annotations

import json
import logging
from typing import Any

import httpx
import pytest

from tests.support.chat import PASSWORD, Chat, PlayedModel, ask, refusal
from tests.support.clock import Clock
from wechat_oa.ai.errors import ModelError
from wechat_oa.runtime_config import RuntimeConfig
from wechat_oa.store.local_table import SqliteTable
from wechat_oa.tries import FREE_TRIES

HEADER = {b"x-config-password": PASSWORD.encode()}
DEPLOYED = {
    "api_url": "https://model.example/v1",
    "model": "deployed-model",
    "system_prompt": "你是小店的助手。",
    "temperature": None,
    "max_tokens": 4000,
    "has_key": True,
}
OTHER = "https://other.example/v1"


@pytest.fixture
def model() -> PlayedModel:
    return PlayedModel()


@pytest.fixture
def chat(table: SqliteTable, clock: Clock, model: PlayedModel) -> Chat:
    return Chat(table, clock, model)


@pytest.fixture
def owner(chat: Chat) -> httpx.AsyncClient:
    return chat.visitor()


async def _save(owner: httpx.AsyncClient, **change: Any) -> httpx.Response:
    return await owner.post("/chat/api/config", json={"password": PASSWORD, **change})


async def _settings(owner: httpx.AsyncClient) -> dict[str, Any]:
    response = await owner.get("/chat/api/settings", headers=HEADER)
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    return found


# What everybody may know


async def test_everybody_is_told_what_the_page_needs(table: SqliteTable, clock: Clock) -> None:
    chat = Chat(
        table,
        clock,
        PlayedModel(),
        WECHAT_OFFICIAL_ACCOUNT_NAME="小店",
        WECHAT_OFFICIAL_ACCOUNT_QRCODE="https://a.example/qr.png",
        CHAT_SUGGESTIONS="春茶？|怎么买？",
    )
    assert (await chat.visitor().get("/api/config")).json() == {
        "aiService": "openai",
        "model": "deployed-model",
        "interactionMode": "stream",
        "accountName": "小店",
        "qrcode": "https://a.example/qr.png",
        "access": "open",
        "hasAccess": True,
        "settings": "open",
        "maxMessage": 4000,
        "suggestions": ["春茶？", "怎么买？"],
    }


async def test_no_answer_holds_a_key_a_prompt_or_the_password(owner: httpx.AsyncClient) -> None:
    await _save(owner, section="wechat", api_url=OTHER, api_key="sk-saved", system_prompt="我的提示词")
    public = await owner.get("/chat/api/config")
    behind = await owner.get("/chat/api/settings", headers=HEADER)
    saved = await _save(owner, model="m")
    for response in (public, behind, saved):
        assert response.status_code == 200
        everything = response.text + str(response.headers)
        assert [word for word in ("sk-deployed", "sk-saved", PASSWORD) if word in everything] == []
    assert "提示词" not in public.text
    assert behind.json()["wechat"]["has_key"] is True


# The password


@pytest.mark.parametrize("path", ["/chat/api/validate-password", "/api/validate-password"])
async def test_a_password_is_right_or_wrong_in_the_words_that_clients_know(chat: Chat, path: str) -> None:
    right = await chat.visitor().post(path, json={"password": PASSWORD})
    assert (right.status_code, right.json()) == (200, {"success": True, "message": "Password validated"})
    wrong = await chat.visitor().post(path, json={"password": "x"})
    assert refusal(wrong, 401, "wrong_password")["message"] == "Invalid password"


async def test_the_password_may_come_in_the_header_in_utf_8(owner: httpx.AsyncClient) -> None:
    response = await owner.post("/api/validate-password", json={}, headers=HEADER)
    assert response.status_code == 200


async def test_everything_of_the_owners_needs_the_password(
    chat: Chat, model: PlayedModel, table: SqliteTable
) -> None:
    for number, guess in enumerate(("", "x", "密码")):
        visitor = chat.visitor(f"198.51.100.{number}")
        visitor.headers = httpx.Headers({b"x-config-password": guess.encode()})
        refusal(await visitor.get("/chat/api/settings"), 401, "wrong_password")
        refusal(await visitor.post("/chat/api/codes", json={"count": 1}), 401, "wrong_password")
        refusal(await visitor.post("/api/config", json={"model": "mine"}), 401, "wrong_password")
    assert model.asked == []
    assert table.get("config", "chat") is None


async def test_without_a_password_configured_everything_is_closed_and_says_so(
    table: SqliteTable, clock: Clock
) -> None:
    visitor = Chat(table, clock, PlayedModel(), OPENAI_CONFIG_PASSWORD="").visitor()
    assert (await visitor.get("/chat/api/config")).json()["settings"] == "closed"
    for response in (
        await visitor.get("/chat/api/settings"),
        await visitor.post("/api/validate-password", json={"password": ""}),
        await visitor.post("/api/config", json={"model": "mine", "password": ""}),
        await visitor.post("/chat/api/codes", json={}),
    ):
        assert "OPENAI_CONFIG_PASSWORD" in refusal(response, 401, "settings_closed")["error"]


async def test_wrong_passwords_lock_one_address_for_a_while_on_every_way_in(chat: Chat, clock: Clock) -> None:
    attacker, owner = chat.visitor("198.51.100.1"), chat.visitor("203.0.113.1")
    for _ in range(FREE_TRIES + 1):
        refusal(await attacker.post("/api/validate-password", json={"password": "x"}), 401, "wrong_password")
    locked = await attacker.post("/api/validate-password", json={"password": PASSWORD})
    assert refusal(locked, 429, "locked")
    for response in (
        await attacker.get("/chat/api/settings", headers=HEADER),
        await _save(attacker, model="m"),
        await attacker.post("/chat/api/codes", json={"password": PASSWORD}),
    ):
        refusal(response, 429, "locked")
    assert (await owner.get("/chat/api/settings", headers=HEADER)).status_code == 200
    clock.pass_by(int(locked.headers["retry-after"]))
    assert (await attacker.get("/chat/api/settings", headers=HEADER)).status_code == 200


async def test_codes_make_no_more_guesses_at_the_password(chat: Chat) -> None:
    """Each cookie would be a visitor of its own, with three free guesses."""
    attacker = chat.visitor("198.51.100.1")
    statuses = []
    for _ in range(10):
        await attacker.post("/chat/api/code", json={"code": chat.services.codes.for_follower("o1")})
        wrong = await attacker.post("/api/validate-password", json={"password": "x"})
        statuses.append(wrong.status_code)
    assert statuses == [401] * (FREE_TRIES + 1) + [429] * (10 - FREE_TRIES - 1)


# Saving


async def test_what_is_saved_holds_at_once_and_in_other_processes_within_seconds(
    chat: Chat, owner: httpx.AsyncClient, model: PlayedModel, table: SqliteTable, clock: Clock
) -> None:
    other = Chat(table, clock, model).visitor()
    await ask(other)
    saved = await _save(
        owner,
        api_url=f"{OTHER}/chat/completions/",
        api_key=" sk-other ",
        model="other-model",
        system_prompt="换了。",
        temperature=0.7,
        max_tokens=300,
    )
    assert (saved.status_code, saved.json()) == (200, {"success": True, "message": "配置保存成功"})
    assert (await owner.get("/api/config")).json()["model"] == "other-model"
    await ask(owner)
    clock.pass_by(5)
    await ask(other)
    for used in model.settings[-2:]:
        assert (used.api_url, used.api_key, used.model) == (OTHER, "sk-other", "other-model")
        assert (used.prompt, used.temperature, used.max_tokens) == ("换了。", 0.7, 300)
    assert model.asked[-1][0] == {"role": "system", "content": "换了。"}


async def test_a_change_is_tried_with_itself_before_it_is_saved(
    owner: httpx.AsyncClient, model: PlayedModel
) -> None:
    await _save(owner, api_url=OTHER, api_key="sk-other", model="other-model")
    assert model.asked == [[{"role": "user", "content": "你好"}]]
    tried = model.settings[0]
    assert (tried.api_url, tried.api_key, tried.model) == (OTHER, "sk-other", "other-model")


@pytest.mark.parametrize(
    "failure", ["misconfigured", "unreachable", "timeout", "busy", "refused", "empty", "broken"]
)
async def test_what_does_not_answer_is_not_saved(
    owner: httpx.AsyncClient, model: PlayedModel, table: SqliteTable, failure: Any
) -> None:
    before = await _settings(owner)
    model.pieces, model.failure = (), ModelError(failure, "sk-detail")
    error = refusal(await _save(owner, model="bad"), 400, failure)["error"]
    assert error.startswith("没有保存。")
    assert "detail" not in error
    assert await _settings(owner) == before
    assert table.get("config", "chat") is None


async def test_a_model_that_is_only_cut_short_does_answer(
    owner: httpx.AsyncClient, model: PlayedModel
) -> None:
    model.pieces, model.failure = (), ModelError("too_long", "x")
    assert (await _save(owner, max_tokens=1)).status_code == 200


async def test_the_web_chat_and_the_account_have_settings_of_their_own(
    owner: httpx.AsyncClient, table: SqliteTable, clock: Clock, chat: Chat
) -> None:
    await _save(owner, section="wechat", model="for-the-account")
    assert await _settings(owner) == {"chat": DEPLOYED, "wechat": {**DEPLOYED, "model": "for-the-account"}}
    await _save(owner, section="chat", model="for-the-page")
    assert (await _settings(owner))["wechat"]["model"] == "for-the-account"
    reply = RuntimeConfig(table, clock).ai("wechat", chat.services.settings.wechat)
    assert reply.model == "for-the-account", "the reply function reads the same"


async def test_what_is_not_named_stays(owner: httpx.AsyncClient) -> None:
    await _save(owner, system_prompt="", temperature=1.5, max_tokens=7)
    await _save(owner, model="m")
    expected = {**DEPLOYED, "model": "m", "system_prompt": "", "temperature": 1.5, "max_tokens": 7}
    assert (await _settings(owner))["chat"] == expected
    await _save(owner, temperature=None)
    assert (await _settings(owner))["chat"] == {**expected, "temperature": None}
    await _save(owner, temperature="")
    await _save(owner, api_url="", api_key="", model="", max_tokens=None)
    assert (await _settings(owner))["chat"] == {**expected, "temperature": None}


async def test_a_key_goes_to_no_other_address(owner: httpx.AsyncClient, model: PlayedModel) -> None:
    await _save(owner, api_url="https://attacker.example/v1")
    assert model.settings[-1].api_key == ""
    assert (await _settings(owner))["chat"]["has_key"] is False
    await _save(owner, api_url=DEPLOYED["api_url"])
    assert model.settings[-1].api_key == "", "nor does an empty one bring the deployment's back by itself"


@pytest.mark.parametrize(
    "address",
    [
        "HTTPS://model.example/v1",
        "http://model.example/v1",
        "https://model.example:444/v1",
        f"{OTHER}/v1/../v1",
    ],
)
async def test_an_address_that_only_looks_the_same_is_another(
    owner: httpx.AsyncClient, model: PlayedModel, address: str
) -> None:
    await _save(owner, api_url=address)
    assert [ai.api_key for ai in model.settings if ai.api_url != DEPLOYED["api_url"]] in ([], [""])


async def test_a_key_stays_while_its_address_does(owner: httpx.AsyncClient, model: PlayedModel) -> None:
    await _save(owner, api_url=OTHER, api_key="sk-other")
    await _save(owner, api_url=f"{OTHER}/", model="m2")
    assert (model.settings[-1].api_url, model.settings[-1].api_key) == (OTHER, "sk-other")


async def test_the_deployments_key_is_not_copied_into_the_table(
    owner: httpx.AsyncClient, table: SqliteTable
) -> None:
    await _save(owner, model="m")
    assert "sk-deployed" not in str(table.get("config", "chat"))
    assert (await _settings(owner))["chat"]["has_key"] is True


@pytest.mark.parametrize(
    "address",
    [
        "model.example/v1",
        "ftp://model.example",
        "javascript:alert(1)",
        "https://",
        "https:///v1",
        "https://user:secret@model.example/v1",
        "https://model.example/v1?key=1",
        "https://model.example/v1#x",
        "https://a b.example/v1",
        "https://a.example/\x00",
        "https://a\x7f.example",
        "https://[::1",
        "https://☃☃..example",
        "https://a.example/\r\nX-Evil: 1",
    ],
)
async def test_what_is_no_address_is_refused(
    owner: httpx.AsyncClient, model: PlayedModel, address: str
) -> None:
    refusal(await _save(owner, api_url=address), 400, "bad_address")
    assert model.asked == []


@pytest.mark.parametrize("key", ["密钥", "sk-a\r\nX-Evil: 1", "sk a", "sk\x00", "sk-\x7f", "😀"])
async def test_a_key_that_no_header_can_carry_is_refused(
    owner: httpx.AsyncClient, model: PlayedModel, key: str
) -> None:
    error = refusal(await _save(owner, api_key=key), 400, "bad_request")["error"]
    assert error.startswith("api_key ")
    assert key not in error
    assert model.asked == []


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": 2.1},
        {"temperature": -1},
        {"temperature": "warm"},
        {"temperature": "NaN"},
        {"temperature": float("inf")},
        {"temperature": float("nan")},
        {"max_tokens": 0},
        {"max_tokens": 1.5},
        {"max_tokens": 10**7},
        {"max_tokens": 1e300},
        {"max_tokens": 10**4000},
        {"system_prompt": "长" * 8001},
        {"model": ["m"]},
        {"section": "mcp"},
        {"section": None},
        {"api_url": 5},
        {"password": None},
        {"password": "x" * 201},
    ],
)
async def test_nonsense_is_refused_by_name(
    owner: httpx.AsyncClient, model: PlayedModel, change: dict[str, Any]
) -> None:
    content = json.dumps({"password": PASSWORD, "model": "m", **change})
    response = await owner.post("/api/config", content=content, headers={"content-type": "application/json"})
    assert refusal(response, 400, "bad_request")["error"].startswith(f"{next(iter(change))} ")
    assert model.asked == []


async def test_saving_nothing_is_refused_in_the_words_that_clients_know(owner: httpx.AsyncClient) -> None:
    assert refusal(await _save(owner), 400, "nothing_given")["error"] == "缺少必要的配置参数"


async def test_an_older_client_saves_as_it_always_did(owner: httpx.AsyncClient) -> None:
    old = {"api_url": OTHER, "api_key": "sk", "model": "m", "system_prompt": "p", "password": PASSWORD}
    response = await owner.post("/api/config", json=old)
    assert response.json() == {"success": True, "message": "配置保存成功"}
    shown = {**DEPLOYED, "api_url": OTHER, "model": "m", "system_prompt": "p"}
    assert (await _settings(owner))["chat"] == shown


async def test_saving_logs_no_secret(
    owner: httpx.AsyncClient, model: PlayedModel, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="chat_app"):
        await _save(owner, api_url=OTHER, api_key="sk-other", system_prompt="我的")
        model.pieces, model.failure = (), ModelError("refused", "HTTP 400")
        await _save(owner, api_key="sk-third")
    everything = "".join(str(record.__dict__) for record in caplog.records if record.name != "httpx")
    assert everything
    assert [word for word in ("sk-other", "sk-third", "我的", PASSWORD, OTHER) if word in everything] == []
