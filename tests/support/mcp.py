"""The MCP server's services on a simulated account, in this process."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastmcp import Client
from fastmcp.client.client import CallToolResult
from PIL import Image
from starlette.applications import Starlette
from starlette.routing import Mount

from local.platform.account import Account
from local.platform.api import api_routes
from local.platform.state import PLATFORM_PATH, Platform
from tests.support.role_table import RoleTable
from wechat_mcp.diagrams import Diagrams
from wechat_mcp.saved_account import Vault
from wechat_mcp.server import make_server
from wechat_mcp.services import Fetch, McpServices, UploadUrls, WebServer
from wechat_oa.api.transport import make_http_client
from wechat_oa.pages import Pages
from wechat_oa.settings import read_settings
from wechat_oa.store.local_blobs import FolderBlobs
from wechat_oa.store.local_table import SqliteTable

APP_ID = "wx0123456789abcdef"
APP_SECRET = "0123456789abcdef0123456789abcdef"
BASE_URL = "http://platform.example"
READ, WRITE, PUBLISH = "read-token-0123456789", "write-token-0123456789", "publish-token-0123456789"
TOKENS = f"reader:read:{READ},writer:write:{WRITE},{PUBLISH}"


@dataclass
class Owner:
    """An account, its platform, and the services that tools work with."""

    services: McpServices
    platform: Platform
    table: SqliteTable
    """What is stored, whoever may read it; the services have it as the role of their function opens it."""
    requests: list[httpx.Request] = field(default_factory=list)
    """What was asked of WeChat, in order."""

    def client(self, **options: Any) -> Client[Any]:
        """A client of another make than ours, in memory."""
        return Client(make_server(self.services), **options)

    async def call(self, tool: str, /, **arguments: Any) -> CallToolResult:
        """Call a tool; errors come back as results."""
        async with self.client() as client:
            result: CallToolResult = await client.call_tool(tool, arguments, raise_on_error=False)
        return result

    async def data(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool that must succeed, and return what it answers as data."""
        result = await self.call(tool, **arguments)
        assert not result.is_error, text(result)
        assert result.structured_content is not None
        return result.structured_content

    async def refusal(self, tool: str, /, **arguments: Any) -> str:
        """Call a tool that must refuse, and return what it says."""
        result = await self.call(tool, **arguments)
        assert result.is_error, text(result)
        return text(result)

    def asked(self) -> list[str]:
        """The paths that were asked of WeChat, without the token's."""
        paths = [request.url.path.removeprefix(PLATFORM_PATH) for request in self.requests]
        return [path for path in paths if path != "/cgi-bin/stable_token"]


class _Noted(httpx.AsyncBaseTransport):
    def __init__(self, inner: httpx.AsyncBaseTransport, requests: list[httpx.Request], lost: str) -> None:
        self._inner, self._requests, self._lost = inner, requests, lost

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._requests.append(request)
        answer = await self._inner.handle_async_request(request)
        if self._lost and request.url.path.endswith(self._lost):
            raise httpx.ReadError("connection reset", request=request)
        return answer


def make_owner(
    folder: Path,
    *,
    tokens_required: bool = False,
    files_allowed: bool = True,
    fetch: Fetch | None = None,
    diagrams: Diagrams | None = None,
    web_server: WebServer | None = None,
    upload_urls: UploadUrls | None = None,
    vault: Vault | None = None,
    clock: Callable[[], float] | None = None,
    lost: str = "",
    **environment: str,
) -> Owner:
    """Return an account with its platform; ``environment`` are more settings.

    Calls of the path ``lost`` arrive, and their answers do not.
    """
    settings = read_settings(
        {
            "WECHAT_APP_ID": APP_ID,
            "WECHAT_APP_SECRET": APP_SECRET,
            "WECHAT_OFFICIAL_API_URL": BASE_URL + PLATFORM_PATH,
            **environment,
        }
    )
    pushes = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, text="success")))
    platform = Platform(
        Account(token="testtoken", app_id=APP_ID, app_secret=APP_SECRET),
        base_url=BASE_URL,
        callback_url=f"{BASE_URL}/wechat/reply",
        http=pushes,
    )
    platform.job_seconds = 0.0
    requests: list[httpx.Request] = []
    app = Starlette(routes=[Mount(PLATFORM_PATH, routes=api_routes(platform))])
    clock = clock or time.time
    stored = SqliteTable(folder / "table.db", clock)
    table = RoleTable(stored, "McpRole")
    services = McpServices(
        settings,
        table,
        pages=Pages(table, FolderBlobs(folder / "pages"), base_url="https://pages.example"),
        files_allowed=files_allowed,
        tokens_required=tokens_required,
        fetch=fetch,
        diagrams=diagrams,
        web_server=web_server,
        upload_urls=upload_urls,
        vault=vault,
        http=make_http_client(_Noted(httpx.ASGITransport(app), requests, lost)),
        sleep=lambda _: asyncio.sleep(0.01),
        clock=clock,
    )
    owner = Owner(services, platform, stored, requests)
    # Tests make owners wherever they need one, and let them go.
    weakref.finalize(owner, stored.close)
    return owner


def text(result: CallToolResult) -> str:
    """The text of a result."""
    return "\n".join(block.text for block in result.content if block.type == "text")


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 30), colour: str = "teal") -> bytes:
    """A picture's bytes."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


def base64_of(data: bytes) -> str:
    """The bytes as base64."""
    return base64.b64encode(data).decode()


def as_json(value: Any) -> str:
    """JSON with Chinese as it is written."""
    return json.dumps(value, ensure_ascii=False)
