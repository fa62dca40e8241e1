"""The Lambda handlers, fed with the events AWS sends, on the table and the queue of moto."""

from __future__ import annotations

import base64
import importlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local.platform.account import Account
from local.platform.follower import Message, text, to_xml
from tests.contract.backends import make_dynamo_table
from tests.support.account import APP_ID, TOKEN
from wechat_oa.callback.message import parse_message
from wechat_oa.callback.signature import sign
from wechat_oa.settings import SettingsError

REGION = "us-east-1"
ACCOUNT = Account(token=TOKEN, app_id=APP_ID, app_secret="", name="")
PREFIX = "/wechat-oa/test/"


@dataclass
class Cloud:
    """The parts of the deployment that the functions meet."""

    dynamodb: Any
    sqs: Any
    queue_url: str
    started: list[ModuleType] = field(default_factory=list)

    def handler(self, name: str) -> ModuleType:
        """Import a handler's module afresh, as a cold start does."""
        for module in [m for m in sys.modules if m.startswith("wechat_reply")]:
            del sys.modules[module]
        self.started.append(importlib.import_module(f"wechat_reply.{name}"))
        return self.started[-1]

    def end(self) -> None:
        """End what the handlers keep open for as long as their process lives."""
        for module in self.started:
            if module.__name__.endswith(".worker"):
                module._runner.run(module._models.close())
            module._runner.close()

    def jobs(self) -> list[dict[str, Any]]:
        """The messages in the queue."""
        found = self.sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10, AttributeNames=["All"]
        )
        return list(found.get("Messages", []))


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "WECHAT_OA_TABLE": "table",
        "WECHAT_OA_SECRETS_PREFIX": PREFIX,
        "WECHAT_OA_SECRETS": "WECHAT_TOKEN,WECHAT_ENCODING_AES_KEY,OPENAI_API_KEY",
        "WECHAT_APP_ID": APP_ID,
        "OPENAI_API_URL": "http://127.0.0.1:9/v1",
        "OPENAI_TIMEOUT": "5",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        dynamodb = boto3.client("dynamodb", REGION)
        make_dynamo_table(dynamodb, "table")
        sqs = boto3.client("sqs", REGION)
        queue_url = sqs.create_queue(QueueName="jobs.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        monkeypatch.setenv("WECHAT_OA_QUEUE_URL", queue_url)
        boto3.client("ssm", REGION).put_parameter(
            Name=f"{PREFIX}WECHAT_TOKEN", Value=TOKEN, Type="SecureString"
        )
        made = Cloud(dynamodb, sqs, queue_url)
        yield made
        made.end()


def _http_event(
    method: str, query: dict[str, str], body: str = "", *, encoded: bool = False
) -> dict[str, Any]:
    """An HTTP API event in payload format 2.0."""
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{method} /wechat/reply",
        "rawPath": "/wechat/reply",
        "rawQueryString": "&".join(f"{name}={value}" for name, value in query.items()),
        "headers": {"content-type": "text/xml", "host": "api.example.com"},
        "queryStringParameters": query,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api-id",
            "domainName": "api.example.com",
            "http": {
                "method": method,
                "path": "/wechat/reply",
                "protocol": "HTTP/1.1",
                "sourceIp": "1.2.3.4",
            },
            "requestId": "id",
            "stage": "$default",
        },
        "isBase64Encoded": encoded,
    }
    if body:
        event["body"] = base64.b64encode(body.encode()).decode() if encoded else body
    return event


def _signed() -> dict[str, str]:
    timestamp = str(int(time.time()))
    return {"timestamp": timestamp, "nonce": "1", "signature": sign(TOKEN, timestamp, "1")}


def _message(words: str, msg_id: int) -> str:
    openid = ACCOUNT.openid("小明")
    return to_xml(Message(ACCOUNT.original_id, openid, int(time.time()), text(words), msg_id).fields())


class Context:
    """Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """Return a minute."""
        return 60_000


def test_the_address_is_verified(cloud: Cloud) -> None:
    callback = cloud.handler("callback")
    response = callback.handler(_http_event("GET", {**_signed(), "echostr": "4375120948345356249"}), None)
    assert response["statusCode"] == 200
    assert response["headers"]["content-type"].startswith("text/plain")
    assert response["body"] == "4375120948345356249"
    assert callback.handler(_http_event("GET", {}), None)["statusCode"] == 403
    event = _http_event("GET", {})
    del event["queryStringParameters"]
    assert callback.handler(event, None)["statusCode"] == 403


@pytest.mark.parametrize("encoded", [False, True])
def test_a_command_is_answered_at_once(cloud: Cloud, encoded: bool) -> None:
    callback = cloud.handler("callback")
    event = _http_event("POST", _signed(), _message("帮助", 1), encoded=encoded)
    response = callback.handler(event, None)
    assert response["statusCode"] == 200
    assert response["headers"]["content-type"] == "application/xml"
    assert "清空" in response["body"]


def test_a_body_that_is_not_what_it_claims_is_acknowledged(cloud: Cloud) -> None:
    callback = cloud.handler("callback")
    event = _http_event("POST", _signed(), "x", encoded=True)
    event["body"] = "not base64!"
    assert callback.handler(event, None)["body"] == "success"
    event = _http_event("POST", _signed())
    assert callback.handler(event, None)["body"] == "success"


def test_a_question_goes_through_the_queue_and_the_worker(cloud: Cloud) -> None:
    body = _message("问题", 42)
    callback = cloud.handler("callback")
    # Nobody works on the queue: the first attempt has no reply, and WeChat shall come again.
    response = callback.handler(_http_event("POST", _signed(), body), None)
    assert response["statusCode"] == 503
    (job,) = cloud.jobs()
    assert job["Attributes"]["MessageGroupId"] == ACCOUNT.openid("小明")
    assert json.loads(job["Body"])["key"] == parse_message(body.encode()).key

    worker = cloud.handler("worker")
    event = {"Records": [{"messageId": "m1", "receiptHandle": "r1", "body": job["Body"]}]}
    assert worker.handler(event, Context()) == {"batchItemFailures": []}

    # The model is not there, which the follower is told on WeChat's next attempt.
    callback = cloud.handler("callback")
    response = callback.handler(_http_event("POST", _signed(), body), None)
    assert response["statusCode"] == 200
    assert "AI 服务暂时连不上" in response["body"]


def test_a_job_that_fails_comes_again_soon_with_those_behind_it(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("WECHAT_OA_METRICS", "my-stack")
    worker = cloud.handler("worker")
    good = json.dumps({"kind": "push", "key": "unknown"})
    for number, body in enumerate((good, "not JSON", good)):
        cloud.sqs.send_message(
            QueueUrl=cloud.queue_url,
            MessageBody=body,
            MessageGroupId="g",
            MessageDeduplicationId=str(number),
        )
    records = [
        {"messageId": job["MessageId"], "receiptHandle": job["ReceiptHandle"], "body": job["Body"]}
        for job in cloud.jobs()
    ]
    failures = worker.handler({"Records": records}, Context())["batchItemFailures"]
    assert failures == [{"itemIdentifier": record["messageId"]} for record in records[1:]]
    assert worker.RETRY_SECONDS < 30
    (line,) = [vars(record) for record in caplog.records if record.levelname == "ERROR"]
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "my-stack"
    assert line["Errors"] == 1
    assert "correlation" not in line, "this one has no message"


def test_without_a_token_the_callback_does_not_start(cloud: Cloud) -> None:
    boto3.client("ssm", REGION).delete_parameter(Name=f"{PREFIX}WECHAT_TOKEN")
    with pytest.raises(SettingsError, match="WECHAT_TOKEN"):
        cloud.handler("callback")
