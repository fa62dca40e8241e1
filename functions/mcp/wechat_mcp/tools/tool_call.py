"""wechat_tool_call: any tool by its name."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Refused, Result

tool = Declared(
    "wechat_tool_call",
    "统一调用",
    "按名字调用任何一个工具，参数放在 arguments 里（snake_case 和 camelCase 都可以）。"
    '例如 tool_name="wechat_auth"，arguments={"action": "status"}。能直接调用那个工具时就直接调用。',
    calls_others=True,
)


@tool.only("按名字调用工具", scope="read")
async def tool_call(
    call: Call,
    tool_name: Annotated[str, Field(description="工具的名字", min_length=1, max_length=100)],
    arguments: Annotated[dict[str, Any], Field(description="那个工具的参数")] = {},
) -> Result:
    """Never reached: the call is handed to the named tool before an action is looked for."""
    raise Refused(f"没有工具 {tool_name}。")
