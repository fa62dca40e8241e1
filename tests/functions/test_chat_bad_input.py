"""Whatever a stranger sends to the web chat: a reason in JSON, never a fault of ours, nothing logged."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_app.bodies import MAX_BODY
from tests.support.chat import PASSWORD, Chat, PlayedModel, ask, refusal
from tests.support.clock import Clock
from wechat_oa.store.local_table import SqliteTable

JSON = {"content-type": "application/json"}
POSTS = [
    "/chat/api/send",
    "/chat/api/config",
    "/chat/api/validate-password",
    "/chat/api/code",
    "/chat/api/codes",
]


@pytest.fixture
def model() -> PlayedModel:
    return PlayedModel()


@pytest.fixture
def visitor(table: SqliteTable, clock: Clock, model: PlayedModel) -> httpx.AsyncClient:
    return Chat(table, clock, model).visitor()


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
    ],
)
async def test_what_is_not_sent_as_json_is_refused(
    visitor: httpx.AsyncClient, path: str, content_type: str
) -> None:
    """These a page elsewhere could send in a visitor's name, without asking first."""
    headers = {"content-type": content_type} if content_type else {}
    response = await visitor.post(path, content=b'{"message": "x", "password": "x"}', headers=headers)
    assert "application/json" in refusal(response, 415, "not_json")["error"]


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON", "application/json;"]
)
async def test_json_by_any_of_its_names_is_taken(visitor: httpx.AsyncClient, content_type: str) -> None:
    response = await visitor.post(
        "/api/chat", content=b'{"message": "x"}', headers={"content-type": content_type}
    )
    assert response.status_code == 200


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'message': 'x'}",
        b'{"message": "x"} x',
        b"\xff\xfe\x00",
        b"\xff",
        b"[" * 200_000,
        b'{"message":' * 100_000,
        b'{"message": ' + b"9" * 5000 + b"}",
    ],
)
async def test_what_is_no_json_is_refused(visitor: httpx.AsyncClient, path: str, body: bytes) -> None:
    response = await visitor.post(path, content=body, headers=JSON)
    refusal(
        response, 413 if len(body) > MAX_BODY else 400, "too_large" if len(body) > MAX_BODY else "not_json"
    )


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "body", ["null", "[]", '"message"', "5", "NaN", "-Infinity", "true", "[" * 300 + "]" * 300]
)
async def test_json_that_is_no_object_is_refused(visitor: httpx.AsyncClient, path: str, body: str) -> None:
    refusal(await visitor.post(path, content=body, headers=JSON), 400, "bad_request")


@pytest.mark.parametrize("body", ["{}", '{"history": []}', '{"message": ""}', '{"message": " \\n\\u3000"}'])
async def test_without_a_message_it_is_said_in_the_words_that_clients_know(
    visitor: httpx.AsyncClient, body: str
) -> None:
    response = await visitor.post("/api/chat", content=body, headers=JSON)
    assert refusal(response, 400, "bad_request")["error"] == "请提供消息内容"


@pytest.mark.parametrize(
    "body",
    [
        '{"message": 5}',
        '{"message": NaN}',
        '{"message": 1e400}',
        '{"message": ["x"]}',
        '{"message": {"$ne": ""}}',
        '{"message": true}',
        '{"message": "\\ud800"}',
        '{"message": "\\udfff x \\ud800"}',
        '{"message": "x", "history": "x"}',
        '{"message": "x", "history": {}}',
        '{"message": "x", "history": {"role": "user", "content": "x"}}',
        '{"message": "x", "history": ["x"]}',
        '{"message": "x", "history": [[]]}',
        '{"message": "x", "history": [null]}',
        '{"message": "x", "history": [{}]}',
        '{"message": "x", "history": [{"role": "user"}]}',
        '{"message": "x", "history": [{"content": "x"}]}',
        '{"message": "x", "history": [{"role": "user", "content": 5}]}',
        '{"message": "x", "history": [{"role": "user", "content": null}]}',
        '{"message": "x", "history": [{"role": "user", "content": [{"type": "image_url"}]}]}',
        '{"message": "x", "history": [{"role": "user", "content": "\\ud800"}]}',
        '{"message": "x", "history": [{"role": "\\ud800", "content": "x"}]}',
        '{"message": "x", "history": [{"role": "system", "content": "x"}]}',
        '{"message": "x", "message": null}',
    ],
)
async def test_a_question_of_the_wrong_shape_is_refused_and_asks_nobody(
    visitor: httpx.AsyncClient, model: PlayedModel, body: str
) -> None:
    error = refusal(await visitor.post("/api/chat", content=body, headers=JSON), 400, "bad_request")["error"]
    assert error.removeprefix("缺少 ").startswith(("message ", "history"))
    assert model.asked == []


async def test_too_many_messages_of_history_are_refused(visitor: httpx.AsyncClient) -> None:
    turns = [{"role": "user", "content": "x"}] * 101
    assert "100" in refusal(await ask(visitor, history=turns), 400, "bad_request")["error"]
    assert (await ask(visitor, history=turns[:100])).status_code == 200


@pytest.mark.parametrize("path", POSTS)
async def test_a_body_of_a_megabyte_is_refused(visitor: httpx.AsyncClient, path: str) -> None:
    body = json.dumps({"message": "x", "filler": "x" * (1 << 20)})
    refusal(await visitor.post(path, content=body, headers=JSON), 413, "too_large")


async def test_a_body_is_not_read_beyond_what_is_allowed(visitor: httpx.AsyncClient) -> None:
    """Nor is what the caller says of its length believed."""
    read = 0

    async def endless() -> Any:
        nonlocal read
        while True:
            read += 1 << 16
            yield b" " * (1 << 16)

    response = await visitor.post("/api/chat", content=endless(), headers={**JSON, "content-length": "2"})
    refusal(response, 413, "too_large")
    assert read <= MAX_BODY + (2 << 16)


async def test_an_answer_to_a_body_that_never_came_whole_is_a_reason(
    table: SqliteTable, clock: Clock
) -> None:
    chat = Chat(table, clock, PlayedModel())
    sent: list[Any] = []
    messages = iter(
        [{"type": "http.request", "body": b'{"mess', "more_body": True}, {"type": "http.disconnect"}]
    )

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/chat",
        "raw_path": b"/api/chat",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
        "scheme": "https",
        "http_version": "1.1",
        "client": ("203.0.113.1", 1),
        "server": ("chat.example", 443),
    }
    await chat.app(scope, receive, send)
    assert sent[0]["status"] == 400


@pytest.mark.parametrize(
    "headers",
    [
        [(b"content-type", b"application/json"), (b"content-type", b"text/plain")],
        [(b"content-type", b"application/json"), (b"host", b"[")],
        [(b"content-type", b"application/json"), (b"host", b"\xff")],
        [(b"content-type", b"application/json"), (b"x-forwarded-for", b"\xff" * 2000)],
        [(b"content-type", b"application/json"), (b"x-forwarded-for", b"x"), (b"x-forwarded-for", b"")],
        [(b"content-type", b"application/json"), (b"cookie", b"a=b"), (b"cookie", b"chat_access=x")],
        [(b"content-type", b"application/json"), (b"origin", b"://\xff"), (b"x-config-password", b"\xff")],
    ],
)
async def test_odd_and_repeated_headers_are_no_fault_of_ours(
    table: SqliteTable, clock: Clock, headers: list[tuple[bytes, bytes]]
) -> None:
    chat = Chat(table, clock, PlayedModel(), CHAT_CLIENT_ADDRESS_HEADER="x-forwarded-for")
    code = chat.services.codes.create()
    for path, body in (
        ("/chat/api/code", {"code": code}),
        ("/api/chat", {"message": "x"}),
        ("/api/validate-password", {"password": PASSWORD}),
    ):
        request = httpx.Request("POST", f"https://chat.example{path}", content=json.dumps(body))
        request.headers = httpx.Headers(headers)
        response = await chat.visitor().send(request)
        assert response.status_code in (200, 401), response.text


async def test_nothing_of_what_is_refused_is_logged_or_sent_back(
    visitor: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    bodies = [
        '{"message": "私密", "history": [{"role": "私密", "content": "私密"}]}',
        '{"message": ["私密"]}',
        '{"message": "私密"',
        '{"password": ["私密"], "api_key": "私密", "temperature": "私密", "code": ["私密"], "count": "私密"}',
        '{"私密": "x"}',
    ]
    with caplog.at_level(logging.DEBUG):
        for path in POSTS:
            for body in bodies:
                response = await visitor.post(path, content=body.encode(), headers=JSON)
                assert 400 <= response.status_code < 500
                assert "私密" not in response.text
    logged = [record for record in caplog.records if not record.name.startswith("httpx")]
    assert logged
    assert not [record for record in logged if "私密" in str(record.__dict__)]


# Anything at all

_JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
_FIELDS = st.sampled_from(
    [
        *("message", "history", "password", "section", "api_url", "api_key"),
        *("model", "system_prompt", "temperature", "max_tokens", "code", "count"),
    ]
)
_ALMOST = st.dictionaries(_FIELDS, _JSON_VALUES, max_size=6)
_HISTORIES = st.fixed_dictionaries(
    {
        "message": st.text(min_size=1),
        "history": st.lists(
            st.dictionaries(st.sampled_from(["role", "content"]), _JSON_VALUES | st.sampled_from(["user"])),
            max_size=4,
        ),
    }
)


@settings(max_examples=150, deadline=None)
@given(
    path=st.sampled_from(POSTS),
    body=st.one_of(
        st.binary(max_size=200),
        (_JSON_VALUES | _ALMOST | _HISTORIES).map(lambda value: json.dumps(value).encode()),
    ),
    authorised=st.booleans(),
)
def test_whatever_comes_the_answer_is_a_result_or_a_reason(
    path: str, body: bytes, *, authorised: bool
) -> None:
    async def post() -> httpx.Response:
        with TemporaryDirectory() as folder:
            table = SqliteTable(Path(folder) / "table.db")
            headers = {b"content-type": b"application/json"}
            if authorised:
                headers[b"x-config-password"] = PASSWORD.encode()
            response = (
                await Chat(table, Clock(), PlayedModel()).visitor().post(path, content=body, headers=headers)
            )
            table.close()
            return response

    response = asyncio.run(post())
    if response.headers["content-type"].startswith("text/event-stream"):
        assert response.status_code == 200
        return
    told = response.json()
    assert told["success"] is (response.status_code == 200)
    assert response.status_code in (200, 400, 401)
    assert told["success"] or told["error"]
