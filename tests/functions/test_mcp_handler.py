"""The MCP server's Lambda handler, fed with the events that the HTTP API sends, one after the other."""

from __future__ import annotations

import asyncio
import base64
import importlib
import json
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.contract.backends import make_dynamo_table
from tests.events.make import http_event

PREFIX = "/wechat-oa/test/"
TOKEN = "a-token-of-the-owners-0123456789"
HEADERS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
BEARER = {**HEADERS, "authorization": f"Bearer {TOKEN}"}
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "WECHAT_OA_TABLE": "table",
    "WECHAT_OA_PAGES_BUCKET": "pages",
    "WECHAT_OA_UPLOADS_BUCKET": "uploads",
    "WECHAT_OA_SECRETS_PREFIX": PREFIX,
    "WECHAT_OA_SECRETS": "MCP_AUTH_TOKENS,OPENAI_CONFIG_PASSWORD,WECHAT_APP_SECRET",
    "WECHAT_APP_ID": "wx0123456789abcdef",
    "PAGES_URL": "https://pages.example",
    "SITE_URL": "https://site.example",
    "MCP_PUBLIC_URL": "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        make_dynamo_table(boto3.client("dynamodb"), "table")
        for bucket in ("pages", "uploads"):
            boto3.client("s3").create_bucket(Bucket=bucket)
        yield


def secret(name: str, value: str) -> None:
    boto3.client("ssm").put_parameter(Name=PREFIX + name, Value=value, Type="SecureString")


class Function:
    """A function that has started."""

    def __init__(self) -> None:
        for module in ("wechat_mcp.handler", "wechat_mcp.aws"):
            sys.modules.pop(module, None)
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._handler = importlib.import_module("wechat_mcp.handler").handler

    def handle(self, event: dict[str, Any]) -> dict[str, Any]:
        """Handle an event as it is."""
        answer: dict[str, Any] = self._handler(event, None)
        return answer

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
        """Send a request as the HTTP API does."""
        text = json.dumps(body) if body is not None else ""
        return self.handle(http_event(method, path, body=text, **more))

    def rpc(self, method: str, headers: dict[str, str] = BEARER, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol."""
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return self("POST", "/mcp", message, headers=headers)

    def end(self) -> None:
        asyncio.set_event_loop(None)
        self._loop.close()


@pytest.fixture
def function(aws: None) -> Iterator[Function]:
    secret("MCP_AUTH_TOKENS", TOKEN)
    started = Function()
    yield started
    started.end()


def result(answer: dict[str, Any]) -> dict[str, Any]:
    assert answer["statusCode"] == 200, answer
    found: dict[str, Any] = json.loads(answer["body"])["result"]
    return found


def test_names_of_headers_may_be_written_as_they_came(function: Function) -> None:
    """``sam local start-api`` does not write them small."""
    event = http_event("POST", "/tools/static_page", body='{"arguments": {"action": "server_status"}}')
    headers = {**event["headers"], "authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    event["headers"] = {name.title(): value for name, value in headers.items()}

    assert function.handle(event)["statusCode"] == 200


def test_calls_follow_one_another_with_and_without_a_token(function: Function) -> None:
    first = function.rpc("tools/list")
    second = function.rpc("tools/call", name="wechat_auth", arguments={"action": "status"})
    without = function.rpc("tools/list", headers=HEADERS)
    again = function.rpc("tools/call", name="static_page", arguments={"action": "server_status"})

    assert len(result(first)["tools"]) > 15
    assert result(second)["structuredContent"]["app_id"] == "wx0123456789abcdef"
    assert without["statusCode"] == 401
    assert result(again)["structuredContent"]["always_on"] is True
    assert result(again)["structuredContent"]["urls"]["网站"] == "https://site.example"


def test_pages_are_written_to_the_bucket_and_files_can_be_sent_directly(function: Function) -> None:
    page = result(
        function.rpc(
            "tools/call", name="static_page", arguments={"htmlContent": "<h1>你好</h1>", "filename": "a"}
        )
    )
    upload = result(
        function.rpc(
            "tools/call",
            name="wechat_temporary_media",
            arguments={"action": "upload_url", "file_name": "v.mp4"},
        )
    )

    assert page["structuredContent"]["url"] == "https://pages.example/a.html"
    stored = boto3.client("s3").get_object(Bucket="pages", Key="a.html")["Body"].read()
    assert stored.decode() == "<h1>你好</h1>"
    fields = upload["structuredContent"]["fields"]
    policy = json.loads(base64.b64decode(fields["policy"]))
    assert ["content-length-range", 1, 12 << 20] in policy["conditions"]
    assert fields["key"].startswith("uploads/")


def test_the_other_routes_answer(function: Function) -> None:
    health = function("GET", "/health")
    tool = function("POST", "/tools/wechat_auth", {"arguments": {"action": "status"}}, headers=BEARER)
    hidden = function("POST", "/tools/wechat_auth", {"arguments": {}}, headers=HEADERS)

    assert json.loads(health["body"])["status"] == "ok"
    assert json.loads(tool["body"])["success"] is True
    assert hidden["statusCode"] == 401


def test_a_host_that_is_not_the_apis_is_refused(function: Function) -> None:
    answer = function("GET", "/health", headers={"host": "evil.example"})

    assert answer["statusCode"] == 421


def test_without_a_secret_it_starts_and_refuses_with_the_reason(aws: None) -> None:
    function = Function()
    try:
        refused, health = function.rpc("tools/list"), function("GET", "/health")
    finally:
        function.end()

    assert refused["statusCode"] == 503
    assert "MCP_AUTH_TOKENS" in refused["body"]
    assert health["statusCode"] == 200


def test_with_a_password_the_deployment_is_its_own_authorization_server(aws: None) -> None:
    secret("OPENAI_CONFIG_PASSWORD", "correct horse battery")
    function = Function()
    try:
        metadata = function("GET", "/.well-known/oauth-authorization-server")
        unknown = function.rpc("tools/list", headers=HEADERS)
    finally:
        function.end()

    assert json.loads(metadata["body"])["issuer"] == f"{ENVIRONMENT['MCP_PUBLIC_URL']}/"
    assert "resource_metadata" in unknown["headers"]["www-authenticate"]
