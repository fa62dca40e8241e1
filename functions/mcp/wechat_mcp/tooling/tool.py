"""A declared tool as FastMCP serves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastmcp.exceptions import ToolError
from fastmcp.server.context import Context
from fastmcp.server.dependencies import get_access_token, get_context
from fastmcp.tools.base import Tool, ToolResult
from fastmcp.utilities.authorization import AuthContext
from pydantic import PrivateAttr

from wechat_mcp.services import McpServices
from wechat_mcp.tooling.calling import Caller
from wechat_mcp.tooling.confirming import asking
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.dispatch import dispatch
from wechat_mcp.tooling.results import OUTPUT_SCHEMA
from wechat_mcp.tooling.scopes import SCOPES, allows


class ActionTool(Tool):
    """Hands a call to the declared action. Arguments are checked there, where they are also understood."""

    _tools: Mapping[str, Declared] = PrivateAttr()
    _services: McpServices = PrivateAttr()

    @classmethod
    def of(cls, declared: Declared, tools: Mapping[str, Declared], services: McpServices) -> ActionTool:
        """Return one of the tools; who may not use any of its actions does not see it."""
        tool = cls(
            name=declared.name,
            title=declared.title,
            description=declared.description,
            parameters=declared.parameters,
            output_schema=OUTPUT_SCHEMA,
            annotations=declared.annotations,
            auth=_may(services, declared),
        )
        tool._tools = tools
        tool._services = services
        return tool

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        """Do what is asked. A refusal is an answer like any other: nothing for the log."""
        services = self._services
        try:
            return await dispatch(
                self._tools, self.name, arguments, services, caller(get_context(), services)
            )
        except ToolError as refusal:
            return ToolResult(content=str(refusal), is_error=True)


def caller(context: Context, services: McpServices) -> Caller:
    """Return who makes the request of this context."""

    async def report(progress: float, total: float, words: str) -> None:
        await context.report_progress(progress, total, words)

    token = get_access_token()
    scopes = tuple(token.scopes) if token else granted_without_token(services)
    return Caller(scopes, asking(context), report)


def granted_without_token(services: McpServices) -> tuple[str, ...]:
    """What a caller may do who showed no token: everything where none is asked for, else nothing."""
    return () if services.tokens_required else SCOPES


def _may(services: McpServices, declared: Declared) -> Callable[[AuthContext], bool]:
    def check(context: AuthContext) -> bool:
        scopes = context.token.scopes if context.token else granted_without_token(services)
        return allows(scopes, declared.least_scope)

    return check
