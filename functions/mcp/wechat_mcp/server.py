"""The server, the same for every transport: its tools, resources and prompts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastmcp import FastMCP
from fastmcp.server.auth import AuthProvider

from wechat_mcp import prompts, resources
from wechat_mcp.services import McpServices
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.tool import ActionTool
from wechat_mcp.tools.registry import TOOLS

NAME = "wechat-official-account"
VERSION = "0.1.0"
INSTRUCTIONS = """\
管理一个微信公众号。常见的流程：
1. 写文章：正文图片先用 wechat_upload_img 换成微信的地址，封面用 wechat_permanent_media 上传得到 media_id；
2. wechat_draft 建草稿（article 里有 title、content、thumb_media_id）；
3. 先给人看过，再用 wechat_publish 发布。发布、群发、删除已发布的文章不能撤回，
   要得到确认（confirm=true）才执行；dry_run=true 只看会发送什么。
出错时，错误里写着原因和下一步怎么做。粉丝的来信在 wechat_inbox。"""

SERVER_OPTIONS: dict[str, Any] = {
    # What is not foreseen is logged, and not told to strangers.
    "mask_error_details": True,
    # Schemas go out as they are: the tools' own hold no references.
    "dereference_schemas": False,
}


def make_server(
    services: McpServices, *, auth: AuthProvider | None = None, tools: Mapping[str, Declared] = TOOLS
) -> FastMCP:
    """Return the server. ``auth`` tells callers over HTTP apart; without, everyone who reaches it is trusted
    as far as ``services.tokens_required`` says."""
    server: FastMCP = FastMCP(
        NAME,
        instructions=INSTRUCTIONS,
        version=VERSION,
        auth=auth,
        **SERVER_OPTIONS,
    )
    for declared in tools.values():
        server.add_tool(ActionTool.of(declared, tools, services))
    resources.add_to(server, services)
    prompts.add_to(server)
    return server
