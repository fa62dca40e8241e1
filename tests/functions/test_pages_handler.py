"""The pages function's handler, in a process of its own, fed the events that API Gateway sends."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.events.make import http_event
from tests.support.handler_process import aws_with_table, handler_process

PASSWORD = "pass word 1"
PAGE = "<title>菜单</title>"


@pytest.fixture(scope="module")
def aws_url() -> Iterator[str]:
    with aws_with_table() as url:
        yield url


@pytest.fixture(scope="module")
def call(aws_url: str) -> Iterator[Any]:
    session = boto3.Session("x", "x", region_name="us-east-1")
    session.client("s3", endpoint_url=aws_url).create_bucket(Bucket="pages")
    session.client("ssm", endpoint_url=aws_url).put_parameter(
        Name="/oa/OPENAI_CONFIG_PASSWORD", Value=PASSWORD, Type="SecureString"
    )
    settings = {
        "WECHAT_OA_PAGES_BUCKET": "pages",
        "WECHAT_OA_PAGES_DISTRIBUTION": "D1",
        "WECHAT_OA_SECRETS": "OPENAI_CONFIG_PASSWORD",
        "WECHAT_OA_SECRETS_PREFIX": "/oa/",
        "PAGES_URL": "https://pages.example.com",
        "WECHAT_MSG_CONTEXT_PATH": "/oa",
    }
    with handler_process("pages_app.handler", "functions/pages", aws_url, settings) as call:
        yield call


def test_a_page_is_made_listed_opened_and_deleted_over_the_api(call: Any, aws_url: str) -> None:
    headers = {"x-config-password": PASSWORD, "content-type": "application/json"}
    body = json.dumps({"html": PAGE, "filename": "菜单"})
    made = call(http_event("POST", "/oa/api/pages", body=body, headers=headers))
    assert made["statusCode"] == 201

    listed = call(http_event("GET", "/oa/api/pages", query={"limit": "5"}))
    assert [page["title"] for page in json.loads(listed["body"])["pages"]] == ["菜单"]
    assert "菜单" in call(http_event("GET", "/oa/"))["body"]

    opened = call(http_event("GET", "/oa/pages/%E8%8F%9C%E5%8D%95"))
    assert opened["headers"]["location"] == "https://pages.example.com/%E8%8F%9C%E5%8D%95.html"
    s3 = boto3.Session("x", "x", region_name="us-east-1").client("s3", endpoint_url=aws_url)
    kept = s3.get_object(Bucket="pages", Key="菜单.html")
    assert kept["Body"].read().decode() == PAGE
    assert (kept["ContentType"], kept["CacheControl"]) == (
        "text/html; charset=utf-8",
        "public, max-age=60",
    )

    gone = call(http_event("DELETE", "/oa/api/pages/%E8%8F%9C%E5%8D%95", headers=headers))
    assert gone["statusCode"] == 200
    assert json.loads(call(http_event("GET", "/oa/api/pages"))["body"])["pages"] == []


def test_a_body_may_come_as_base64_and_bytes_go_back_as_base64(call: Any) -> None:
    headers = {"x-config-password": PASSWORD, "content-type": "application/json"}
    picture = b"\x89PNG\r\n\x1a\n\xff"
    body = json.dumps({"content_base64": base64.b64encode(picture).decode(), "filename": "a.png"})
    event = http_event(
        "POST", "/oa/api/pages", body=base64.b64encode(body.encode()).decode(), headers=headers
    )

    assert call(event | {"isBase64Encoded": True})["statusCode"] == 201
    assert call(http_event("POST", "/oa/api/pages", body="*", headers=headers) | {"isBase64Encoded": True})[
        "statusCode"
    ] in (400, 401)


def test_the_page_manager_comes_with_the_function(call: Any) -> None:
    page = call(http_event("GET", "/oa/manage/"))

    assert page["statusCode"] == 200
    assert "frame-src https://pages.example.com" in page["headers"]["content-security-policy"]
    assert call(http_event("GET", "/oa/manage/js/main.js"))["headers"]["content-type"].startswith(
        "text/javascript"
    )


def test_the_page_of_themes_comes_with_the_function(call: Any) -> None:
    page = call(http_event("GET", "/oa/themes/"))

    assert page["statusCode"] == 200
    assert "style-src 'self';" in page["headers"]["content-security-policy"]
    assert call(http_event("GET", "/oa/themes/themes.css"))["headers"]["content-type"].startswith("text/css")
    assert call(http_event("GET", "/oa/themes"))["headers"]["location"] == "themes/"


@pytest.mark.parametrize("path", ["/oa/nothing", "/oa/%2e%2e%2fx", "/oa/%ff.txt", "/oa/%00.txt", "/else"])
def test_nonsense_is_answered(call: Any, path: str) -> None:
    assert call(http_event("GET", path))["statusCode"] == 404
