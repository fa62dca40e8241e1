"""From a tool's name and arguments to the declared tool that answers, through wechat_tool_call as well."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from fastmcp.exceptions import ToolError
from fastmcp.tools.base import ToolResult

from wechat_mcp.services import McpServices
from wechat_mcp.tooling.arguments import renamed, validated
from wechat_mcp.tooling.calling import Caller, perform
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Refused
from wechat_mcp.tooling.telling import told

BY_NAME = "wechat_tool_call"


async def dispatch(
    tools: Mapping[str, Declared],
    name: str,
    arguments: Mapping[str, Any],
    services: McpServices,
    caller: Caller,
) -> ToolResult:
    """Call a tool by its name. Raises ToolError."""
    if name not in tools:
        raise ToolError(_unknown(name, tools))
    if name != BY_NAME:
        with told(name, services):
            return await perform(tools[name], arguments, services, caller)
    try:
        (action,) = tools[name].actions.values()
        given = validated(action.model, renamed(arguments, tools[name].names, name))
    except Refused as refused:
        raise ToolError(str(refused)) from None
    named = given["tool_name"].strip()
    if named == BY_NAME:
        raise ToolError(f"{BY_NAME} 不能调用自己。请把 tool_name 换成要用的工具。")
    return await dispatch(tools, named, given["arguments"], services, caller)


def _unknown(name: str, tools: Mapping[str, Declared]) -> str:
    close = difflib.get_close_matches(name, tools, n=1)
    hint = f"是不是 {close[0]}？" if close else ""
    return f"没有工具 {name[:60]}。{hint}可以用的有：{'、'.join(tools)}。"
