"""The token function's handler, in a process of its own, on the table that everyone shares."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.events.make import token_event
from tests.sam_local.services import WeChat, serving
from tests.support.handler_process import TABLE, aws_with_table, handler_process
from wechat_oa.aws_token import told

SECRET = "app-secret-that-nobody-may-see"


@pytest.fixture(scope="module")
def wechat() -> WeChat:
    return WeChat(SECRET)


@pytest.fixture(scope="module")
def aws_url() -> Iterator[str]:
    with aws_with_table() as url:
        yield url


@pytest.fixture(scope="module")
def table(aws_url: str) -> Any:
    session = boto3.Session("x", "x", region_name="us-east-1")
    return session.resource("dynamodb", endpoint_url=aws_url).Table(TABLE)


@pytest.fixture(scope="module")
def call(aws_url: str, wechat: WeChat) -> Iterator[Any]:
    with serving(wechat, "127.0.0.1") as port:
        settings = {"WECHAT_OFFICIAL_API_URL": f"http://127.0.0.1:{port}"}
        with handler_process("wechat_token.handler", "functions/wechat_token", aws_url, settings) as call:
            yield call


def test_a_token_is_put_into_the_table_and_nothing_of_it_is_answered(
    call: Any, table: Any, wechat: WeChat
) -> None:
    key = {"pk": "token#wx0123456789abcdef", "sk": "access_token"}

    assert call(token_event(SECRET)) == {}
    assert table.get_item(Key=key)["Item"]["access_token"] == "TOKEN_1"

    assert call(token_event(SECRET)) == {}
    assert wechat.forced == [False]

    assert call(token_event(SECRET, refused="TOKEN_1")) == {}
    assert wechat.forced == [False, False, True]
    assert table.get_item(Key=key)["Item"]["access_token"] == "TOKEN_2"

    # Another caller, whose token was refused before.
    assert call(token_event(SECRET, refused="TOKEN_1")) == {}
    assert wechat.forced == [False, False, True]


def test_an_address_that_is_not_on_the_whitelist_is_named(call: Any, wechat: WeChat) -> None:
    wechat.whitelisted = False

    answer = call({**token_event(SECRET), "app_id": "wxanother"})

    assert SECRET not in json.dumps(answer)
    error = told(answer)
    assert error is not None
    assert error.errcode == 40164
    assert "微信看到的地址是 127.0.0.1" in error.advice
