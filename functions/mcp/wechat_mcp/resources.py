"""Resources: what a client may show or read beside the tools."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from fastmcp import FastMCP
from fastmcp.exceptions import ResourceError
from fastmcp.server.dependencies import get_context

from wechat_mcp.services import McpServices
from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.results import Refused, Result
from wechat_mcp.tooling.scopes import allows
from wechat_mcp.tooling.tool import caller
from wechat_mcp.tools import auth, draft, static_page
from wechat_oa.api.errors import WeChatError
from wechat_oa.store.table import StoreError

_JSON = "application/json"


def add_to(server: FastMCP, services: McpServices) -> None:
    """Add the account's status, its drafts and pages, and the table of errors."""

    async def read(action: Any) -> str:
        """What a reading action of a tool returns, as JSON."""
        who = caller(get_context(), services)
        if not allows(who.scopes, "read"):
            raise ResourceError("这个令牌没有 read 权限。")
        try:
            result: Result = await action(Call(services, who))
        except (Refused, WeChatError) as error:
            raise ResourceError(str(error)) from None
        except StoreError as error:
            raise ResourceError("存储暂时不可用，请过一会儿再试。") from error
        return json.dumps(result.structured("read"), ensure_ascii=False, default=str)

    @server.resource("wechat://account", name="account", title="公众号账号", mime_type=_JSON)
    async def account() -> str:
        """现在用的公众号和令牌的状态（密钥只显示头尾）"""
        return await read(auth.get_config)

    @server.resource("wechat://drafts", name="drafts", title="草稿箱", mime_type=_JSON)
    async def drafts() -> str:
        """最新的 20 份草稿，不含正文"""
        return await read(draft.list_)

    @server.resource("wechat://pages", name="pages", title="托管的网页", mime_type=_JSON)
    async def pages() -> str:
        """最新的 50 个网页和它们的地址"""
        return await read(static_page.list_)

    @server.resource("wechat://errors", name="errors", title="错误码表", mime_type=_JSON)
    async def errors() -> str:
        """微信接口的全部错误码：含义和怎么办"""
        return (files("wechat_oa.api") / "errcodes.json").read_text("utf-8")

    @server.resource("wechat://errors/{errcode}", name="error", title="一个错误码", mime_type=_JSON)
    async def error(errcode: str) -> str:
        """一个错误码的含义和怎么办"""
        if not errcode.lstrip("-").isdecimal() or len(errcode) > 9:
            raise ResourceError("错误码是一个数字，如 40164。")
        found = WeChatError(int(errcode), "", "")
        told = {"errcode": int(errcode), "meaning": found.explanation, "advice": found.advice}
        return json.dumps(told, ensure_ascii=False)
