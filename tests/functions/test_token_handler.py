"""The token function's handler, in a process of its own, on the table that everyone shares."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.events.make import token_event
from tests.sam_local.services import WeChat, serving
from wechat_oa.aws_token import told

ROOT = Path(__file__).resolve().parents[2]
_RUN = """
import json, sys
import wechat_token.handler as handler
for line in sys.stdin:
    print(json.dumps(handler.handler(json.loads(line), None)), flush=True)
"""
SECRET = "app-secret-that-nobody-may-see"


@pytest.fixture(scope="module")
def wechat() -> WeChat:
    return WeChat(SECRET)


@pytest.fixture(scope="module")
def aws_url() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def table(aws_url: str) -> Any:
    session = boto3.Session("x", "x", region_name="us-east-1")
    return session.resource("dynamodb", endpoint_url=aws_url).create_table(
        TableName="table",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )


@pytest.fixture(scope="module")
def call(aws_url: str, table: Any, wechat: WeChat) -> Iterator[Any]:
    with serving(wechat, "127.0.0.1") as port:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(
                str(ROOT / folder) for folder in ("layers/common", "functions/wechat_token")
            ),
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": aws_url,
            "NO_PROXY": "127.0.0.1",
            "WECHAT_OA_TABLE": "table",
            "WECHAT_OFFICIAL_API_URL": f"http://127.0.0.1:{port}",
        }
        process = subprocess.Popen(  # noqa: S603  (our own interpreter on our own code)
            [sys.executable, "-c", _RUN],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def call(event: dict[str, Any]) -> dict[str, Any]:
            stdin.write(json.dumps(event) + "\n")
            stdin.flush()
            answer: dict[str, Any] = json.loads(stdout.readline())
            return answer

        yield call
        stdin.close()
        assert process.wait(30) == 0
        stdout.close()


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
