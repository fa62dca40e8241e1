"""Asking whoever sits before the client, in both eras of the protocol.

Until 2025-11-25 the server asks the client while the call waits. Since 2026-07-28 the call is answered with
what is asked, and the client calls again with the answer. A client that can do neither confirms by an
argument.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastmcp.server.context import Context
from fastmcp.server.elicitation import AcceptedElicitation
from fastmcp.tools.base import InputRequiredToolResult, ToolResult
from mcp_types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

Ask = Callable[[str], Awaitable[bool | ToolResult | None]]
"""Asks for a confirmation: True or False is the answer, None says that nobody can be asked, and a result is
what the call must be answered with for now."""

_KEY = "confirm"
_QUESTION = "确定要做吗？"


async def ask_nobody(_warning: str) -> bool | ToolResult | None:
    """Where there is no client to ask."""
    return None


def asking(context: Context) -> Ask:
    """Return how to ask the client of this request."""

    async def ask(warning: str) -> bool | ToolResult | None:
        request = context.request_context
        capabilities = request.session.client_capabilities if request else None
        if request is None or capabilities is None or capabilities.elicitation is None:
            return None
        if request.protocol_version in MODERN_PROTOCOL_VERSIONS:
            return _answered(context, warning)
        answer = await context.elicit(warning + _QUESTION, response_type=bool, response_title="确定")
        return isinstance(answer, AcceptedElicitation) and answer.data is True

    return ask


def _answered(context: Context, warning: str) -> bool | ToolResult:
    """The answer that came with this request, or the question to send it back with."""
    response = (context.input_responses or {}).get(_KEY)
    if isinstance(response, ElicitResult):
        return response.action == "accept" and (response.content or {}).get(_KEY) is True
    schema = {
        "type": "object",
        "properties": {_KEY: {"type": "boolean", "title": "确定", "description": _QUESTION}},
        "required": [_KEY],
    }
    question = ElicitRequest(
        params=ElicitRequestFormParams(message=warning + _QUESTION, requested_schema=schema)
    )
    return InputRequiredToolResult(InputRequiredResult(input_requests={_KEY: question}))
