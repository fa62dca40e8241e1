"""The MCP server on one machine: over stdio for desktop clients, over HTTP or SSE, beside the web server."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from local.house import House
from local.listening import CannotListenError, listen_all
from local.mcp_access import access, tokens_required
from local.pages_server import PagesServer
from local.platform.api import api_routes
from local.platform.state import PLATFORM_PATH
from local.second_server import SecondServer
from local.server import make_app as make_web_app
from wechat_mcp.app import make_app
from wechat_mcp.server import make_server
from wechat_mcp.services import McpServices
from wechat_oa.api.transport import make_http_client
from wechat_oa.settings import Settings

log = logging.getLogger(__name__)


def run(environment: Mapping[str, str]) -> int:
    """Serve with the transport of the settings until the client or the owner ends it; return the exit status.

    Raises SettingsError, StoreError.
    """
    # Standard output belongs to the protocol.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)
    return asyncio.run(_run(environment))


async def _run(environment: Mapping[str, str]) -> int:
    house = House(environment)
    settings = house.settings
    web = LocalWebServer(environment, house)
    stdio = settings.mcp_transport == "stdio"
    required = not stdio and tokens_required(settings)
    services = McpServices(
        settings,
        house.table,
        pages=house.pages.pages,
        web_server=web,
        diagrams=house.diagrams,
        files_allowed=stdio or settings.mcp_allow_files,
        tokens_required=required,
        http=None if house.real_account else make_http_client(PlatformTransport(house, web)),
    )
    if not house.real_account:
        print("没有设置 WECHAT_APP_ID：用的是本机模拟的公众号，什么也不会发到微信。", file=sys.stderr)
    try:
        if stdio:
            await make_server(services).run_stdio_async(show_banner=False)
            return 0
        return await _serve(services)
    finally:
        await web.stop()
        await house.stop()


async def _serve(services: McpServices) -> int:
    settings = services.settings
    transport: Literal["http", "sse"] = "sse" if settings.mcp_transport == "sse" else "http"
    app = make_app(services, transport=transport, allowed_hosts=allowed_hosts(services))
    try:
        (listener,) = listen_all(settings.mcp_host, {"MCP_PORT": settings.mcp_port})
    except CannotListenError as error:
        print(error, file=sys.stderr)
        return 1
    path = "/sse" if transport == "sse" else "/mcp"
    print(
        f"MCP 服务器：http://{settings.mcp_host}:{settings.mcp_port}{path}   {access(settings)}",
        file=sys.stderr,
    )
    await uvicorn.Server(_config(app, settings)).serve(sockets=[listener])
    return 0


def allowed_hosts(services: McpServices) -> tuple[str, ...]:
    """The names by which the server may be called: any, where a token says who calls; else this machine's,
    so that no page of another site reaches it under a name of its own."""
    return ("*",) if services.tokens_required else ()


class McpServer(SecondServer):
    """Serves MCP beside the web server."""

    def __init__(self, house: House) -> None:
        """Nothing is served yet."""
        settings = house.settings
        services = McpServices(
            settings,
            house.table,
            pages=house.pages.pages,
            web_server=RunningWebServer(house),
            diagrams=house.diagrams,
            files_allowed=settings.mcp_allow_files,
            tokens_required=tokens_required(settings),
            http=None if house.real_account else make_http_client(httpx.AsyncHTTPTransport()),
        )
        app = make_app(services, allowed_hosts=allowed_hosts(services))
        super().__init__(_config(app, settings))


class RunningWebServer:
    """The web server that this process is."""

    always_on = True

    def __init__(self, house: House) -> None:
        """``house`` is what it serves."""
        self._house = house

    async def start(self, port: int) -> str:
        """It runs already."""
        return self._house.base_url

    async def stop(self) -> bool:
        """It ends with the process."""
        return False

    async def status(self) -> dict[str, Any]:
        """Return its addresses."""
        return {"running": True, "urls": urls(self._house)}


class LocalWebServer:
    """A web server that tools start and stop: the same as ``make run``, in this process."""

    always_on = False

    def __init__(self, environment: Mapping[str, str], house: House) -> None:
        """``house`` names the addresses while nothing runs."""
        self._environment = environment
        self._idle = house
        self._house: House | None = None
        self._server: _Quiet | None = None
        self._pages: PagesServer | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def base_url(self) -> str:
        """Where it runs; empty while it does not."""
        return self._house.base_url if self._house else ""

    async def start(self, port: int) -> str:
        """See WebServer."""
        if self._house:
            return self._house.base_url
        chosen = {"WECHAT_MSG_SERVER_PORT": str(port)} if port else {}
        house = House({**self._environment, **chosen})
        try:
            listeners = listen_all(
                house.settings.msg_server_host,
                {
                    "WECHAT_MSG_SERVER_PORT": house.settings.msg_server_port,
                    "PAGES_PORT": house.settings.pages_port,
                },
            )
        except CannotListenError as error:
            await house.stop()
            raise OSError(0, str(error)) from None
        self._server = _Quiet(_config(make_web_app(house), house.settings))
        self._task = asyncio.create_task(self._server.serve(sockets=listeners[:1]))
        self._pages = PagesServer(house.pages)
        self._pages.begin(listeners[1])
        self._house = house
        await self._server.ready(self._task)
        return house.base_url

    async def stop(self) -> bool:
        """See WebServer."""
        if not (self._house and self._server and self._pages and self._task):
            return False
        self._house.platform.feed.close()
        self._server.should_exit = True
        await self._task
        await self._pages.end()
        self._house = self._server = self._pages = self._task = None
        return True

    async def status(self) -> dict[str, Any]:
        """See WebServer."""
        if self._house:
            return {"running": True, "urls": urls(self._house)}
        return {"running": await _answers(self._idle.base_url), "urls": urls(self._idle)}


class _Quiet(uvicorn.Server):
    """Leaves Ctrl-C to whoever runs the process, and tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._listening.set()

    async def ready(self, task: asyncio.Task[None]) -> None:
        """Return once it listens, or has failed to."""
        listening = asyncio.create_task(self._listening.wait())
        await asyncio.wait((listening, task), return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class PlatformTransport(httpx.AsyncBaseTransport):
    """Reaches the simulated account: in the web server if one runs, so that what tools do shows in its
    simulator, else in this process."""

    def __init__(self, house: House, web: LocalWebServer) -> None:
        """``house`` holds the account that is used while no web server runs."""
        app: ASGIApp = Starlette(routes=[Mount(PLATFORM_PATH, routes=api_routes(house.platform))])
        self._inside = httpx.ASGITransport(app)
        self._outside = httpx.AsyncHTTPTransport()
        self._house = house
        self._web = web

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to whichever is there."""
        base_url = self._web.base_url
        if not base_url and await _answers(self._house.base_url):
            base_url = self._house.base_url
        if not base_url:
            return await self._inside.handle_async_request(request)
        there = httpx.URL(base_url)
        request.url = request.url.copy_with(host=there.host, port=there.port)
        return await self._outside.handle_async_request(request)

    async def aclose(self) -> None:
        """Close both ways."""
        await self._inside.aclose()
        await self._outside.aclose()


def urls(house: House) -> dict[str, str]:
    """Return the addresses of a house's web server, by what is there."""
    base = house.base_url + house.settings.context_path
    found = {"首页": f"{base}/", "微信回调": f"{base}/wechat/reply", "网页": house.pages.settings.pages_url}
    return found | ({"模拟器": f"{house.base_url}/simulator/"} if house.simulator else {})


async def _answers(base_url: str) -> bool:
    """Whether a web server of ours answers there."""
    try:
        async with httpx.AsyncClient(timeout=0.5, trust_env=False) as http:
            return (await http.get(f"{base_url}/health")).is_success
    except httpx.HTTPError:
        return False


def _config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        forwarded_allow_ips=list(settings.forwarded_allow_ips),
        timeout_graceful_shutdown=5,
        server_header=False,
    )
