"""The deployment of the MCP server: its routes, its files, and how long what it is sent is kept."""

from __future__ import annotations

import pytest

from tests.stack.expand import Stack
from wechat_mcp.tools.publish import WAIT_SECONDS
from wechat_oa.settings import read_settings


@pytest.mark.parametrize("context_path", ["", "/wechat-oa"])
def test_mcp_is_at_the_root_whatever_comes_before_the_callback(context_path: str) -> None:
    stack = Stack(WechatMsgContextPath=context_path)

    routes = {
        route["RouteKey"]
        for route in stack.of_type("AWS::ApiGatewayV2::Route").values()
        if route["Target"] == "integrations/${McpIntegration}"
    }
    assert routes == {
        "ANY /mcp",
        "GET /health",
        "POST /tools/{name}",
        "ANY /.well-known/{file+}",
        "ANY /authorize",
        "ANY /approve",
        "ANY /token",
        "ANY /register",
        "ANY /revoke",
    }
    assert stack.properties("McpIntegration")["IntegrationUri"] == "McpFunction.Arn"
    assert stack.outputs["McpUrl"]["Value"].endswith("${AWS::URLSuffix}/mcp")


def test_an_answer_comes_before_the_api_gives_up(stack: Stack) -> None:
    assert WAIT_SECONDS + 5 < stack.functions["McpFunction"]["Timeout"] < 30


def test_what_is_uploaded_is_private_and_gone_after_a_day(stack: Stack) -> None:
    bucket = stack.properties("UploadsBucket")

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["Status"] == "Enabled"
    assert rule["ExpirationInDays"] == 1


def test_the_public_address_is_the_apis_or_the_owners(stack: Stack) -> None:
    own = Stack(McpPublicUrl="https://mcp.example.com")

    assert stack.environment("McpFunction")["MCP_PUBLIC_URL"].startswith("https://${HttpApi}.")
    assert own.environment("McpFunction")["MCP_PUBLIC_URL"] == "https://mcp.example.com"
    assert own.outputs["McpUrl"]["Value"] == "https://mcp.example.com/mcp"
    assert read_settings({"MCP_PUBLIC_URL": "https://mcp.example.com"}).mcp_public_url
