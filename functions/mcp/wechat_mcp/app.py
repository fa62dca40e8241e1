"""The server over HTTP: /mcp, /health, /tools/{name} and what OAuth needs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from fastmcp import FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.server.http import StarletteWithLifespan
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from wechat_mcp.auth.provider import NO_WAY_IN, make_auth
from wechat_mcp.guard import BodyCap, Closed
from wechat_mcp.server import VERSION, make_server
from wechat_mcp.services import McpServices
from wechat_mcp.tooling.calling import Caller
from wechat_mcp.tooling.confirming import ask_nobody
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.dispatch import dispatch
from wechat_mcp.tooling.tool import granted_without_token
from wechat_mcp.tools.registry import TOOLS
from wechat_oa.store.table import StoreError

HTTP_OPTIONS: dict[str, Any] = {"path": "/mcp", "stateless_http": True, "json_response": True}
"""Nothing is kept between requests, which may come to different processes, and none waits for a stream."""


def make_app(
    services: McpServices,
    *,
    transport: Literal["http", "sse"] = "http",
    allowed_hosts: Sequence[str] = ("*",),
    tools: Mapping[str, Declared] = TOOLS,
) -> StarletteWithLifespan:
    """Return the application for everyone who shows a token, or, where none is needed, for this machine.

    ``allowed_hosts``: the names under which it may be called, besides this machine's; ``*`` is any.
    """
    auth = make_auth(services) if services.tokens_required else None
    server = make_server(services, auth=auth, tools=tools)
    _add_routes(server, services, tools)
    middleware = [Middleware(BodyCap)]
    if services.tokens_required and auth is None:
        middleware.insert(0, Middleware(Closed, reason=NO_WAY_IN))
    return http_application(
        server,
        transport=transport,
        middleware=middleware,
        allowed_hosts=allowed_hosts,
        allowed_origins=services.settings.mcp_allowed_origins,
    )


def http_application(
    server: FastMCP,
    *,
    transport: Literal["http", "sse"] = "http",
    middleware: Sequence[Middleware] = (),
    allowed_hosts: Sequence[str] = (),
    allowed_origins: Sequence[str] = (),
) -> StarletteWithLifespan:
    """Return a server's application with the options that ours has: the conformance suite runs on these."""
    guards: dict[str, Any] = {
        "middleware": [*middleware],
        "host_origin_protection": True,
        "allowed_hosts": list(allowed_hosts),
        "allowed_origins": list(allowed_origins) or None,
    }
    if transport == "sse":
        return server.http_app(path="/sse", transport="sse", **guards)
    return server.http_app(**HTTP_OPTIONS, **guards)


def _add_routes(server: FastMCP, services: McpServices, tools: Mapping[str, Declared]) -> None:
    @server.custom_route("/health", methods=["GET"])
    async def health(_request: Request) -> Response:
        try:
            services.table.get("health", "-")
        except StoreError:
            return JSONResponse({"status": "unavailable", "table": "unavailable"}, 503)
        return JSONResponse({"status": "ok", "table": "ok", "version": VERSION})

    @server.custom_route("/tools/{name}", methods=["POST"])
    async def call(request: Request) -> Response:
        scopes = _scopes(request, services)
        if scopes is None:
            return _failed(401, "需要令牌：Authorization: Bearer <令牌>。 · A bearer token is required.")
        try:
            body = json.loads(await request.body() or b"{}")
            arguments = body.get("arguments", {}) if isinstance(body, dict) else None
        except (ValueError, RecursionError):
            arguments = None
        if not isinstance(arguments, dict):
            return _failed(400, '请求要是 JSON：{"arguments": {…}}。 · The body must be JSON like that.')
        try:
            caller = Caller(scopes, ask_nobody, _report_nothing)
            result = await dispatch(tools, request.path_params["name"], arguments, services, caller)
        except ToolError as error:
            return _failed(404 if request.path_params["name"] not in tools else 400, str(error))
        content = [
            block.model_dump(mode="json", by_alias=True, exclude_none=True) for block in result.content
        ]
        return _Json({"success": True, "result": result.structured_content, "content": content})


def _scopes(request: Request, services: McpServices) -> tuple[str, ...] | None:
    """What the caller may do; None for a caller who must show a token first."""
    user = request.scope.get("user")
    if isinstance(user, AuthenticatedUser):
        return tuple(user.scopes)
    return granted_without_token(services) or None


async def _report_nothing(_progress: float, _total: float, _words: str) -> None:
    """One answer is all that this caller gets."""


class _Json(JSONResponse):
    """Chinese as it is written."""

    media_type = "application/json; charset=utf-8"


def _failed(status: int, reason: str) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return _Json({"success": False, "error": reason}, status, headers)
