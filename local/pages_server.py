"""Hosted pages on one machine: index and API beside the rest, the pages themselves on a second port."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from local.second_server import SecondServer
from pages_app import answering
from pages_app.http import Answer, Request, json_answer
from pages_app.index import missing_page
from pages_app.services import PagesServices
from pages_app.site_files import FOLDERS
from wechat_oa.page_headers import PAGE_HEADERS
from wechat_oa.page_names import PageError, hosted_name
from wechat_oa.pages import Pages
from wechat_oa.settings import Settings
from wechat_oa.store.local_blobs import FolderBlobs
from wechat_oa.store.table import StoreError, Table

_OVER_BASE64 = 1.4


class PagesHouse:
    """The pages of one machine: in the data folder, listed in the table."""

    def __init__(self, settings: Settings, table: Table, *, base_url: str, simulator: bool = False) -> None:
        """``base_url`` is where browsers on this machine reach its first server."""
        # The chat is beside the index, by whatever name this machine is reached.
        chat = f"{settings.context_path}/chat/"
        own_chat = settings.chat_url in ("", base_url + chat)
        self._settings = replace(settings, chat_url=chat) if own_chat else settings
        self._table = table
        self._blobs = FolderBlobs(Path(settings.data_dir) / "pages")
        self._base_url = base_url
        self._links = {"模拟器": "/simulator/"} if simulator else {}
        self.services = self._services(base_url.rpartition(":")[0])
        self.settings, self.pages = self.services.settings, self.services.pages

    def routes(self) -> list[BaseRoute]:
        """Return the routes beside all others: ``/``, the API, the site's folders, files at the root."""
        paths = (
            "/",
            "/static-pages/",
            "/pages/{name}",
            *(f"/{name}{below}" for name in FOLDERS for below in ("", "/{file:path}")),
            "/api/pages",
            "/api/pages/{name}",
            "/api/pages/{name}/qr",
            "/api/static-page/delete",
            # Only what has an ending: a folder of others must not be led here without its slash.
            "/{stem}.{ending}",
        )
        prefixes = dict.fromkeys(("", self.settings.context_path))
        methods = ["GET", "POST", "DELETE", "OPTIONS"]
        return [
            Route(f"{prefix}{path}", self._answer, methods=methods) for path in paths for prefix in prefixes
        ]

    def pages_app(self) -> Starlette:
        """Return the application of the second port: pages and files, and nothing else of this machine."""
        return Starlette(routes=[Route("/{name}", self._page), Route("/{rest:path}", self._missing)])

    async def missing(self, request: HttpRequest) -> Response:
        """Answer a browser that asks for what is not there."""
        return _response(missing_page(self._index_url(request)))

    def _services(self, origin: str) -> PagesServices:
        """``origin`` is this machine without a port; ``PAGES_URL`` goes before it."""
        pages_url = self._settings.pages_url or f"{origin}:{self._settings.pages_port}"
        settings = replace(self._settings, pages_url=pages_url)
        pages = Pages(self._table, self._blobs, base_url=pages_url, max_bytes=settings.pages_max_bytes)
        return PagesServices(settings, self._table, pages, links=self._links)

    def _services_for(self, request: HttpRequest) -> PagesServices:
        """Who came by another address of this machine, such as a phone in the same network, stays with it."""
        origin = _address(request)
        known = self._settings.pages_url or origin in ("", self._base_url.rpartition(":")[0])
        return self.services if known else self._services(origin)

    def _index_url(self, request: HttpRequest) -> str:
        base_url, path = self._base_url, self._settings.context_path
        if origin := _address(request):
            base_url = f"{origin}:{base_url.rpartition(':')[2]}"
        return f"{self._settings.site_url or base_url + path}/"

    async def _answer(self, request: HttpRequest) -> Response:
        body = await _bounded_body(request, int(self.pages.max_bytes * _OVER_BASE64) + 10_000)
        if body is None:
            text = f"内容太大了，最多 {self.pages.max_bytes / 1e6:g} MB"
            return _response(json_answer(413, {"success": False, "error": text, "code": "too_large"}))
        asked = Request(
            method=request.method,
            path=request.url.path.removeprefix(self.settings.context_path) or "/",
            query=dict(request.query_params),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=body,
            visitor=request.client.host if request.client else "",
        )
        return _response(await run_in_threadpool(answering.answer, self._services_for(request), asked))

    async def _page(self, request: HttpRequest) -> Response:
        # Neither a preview in the page manager nor a question about headers is a visit.
        opened = request.method == "GET" and request.headers.get("sec-fetch-dest", "document") == "document"
        answered = await run_in_threadpool(self._page_answer, request.path_params["name"], visit=opened)
        return _response(answered) if answered else await self._missing(request)

    def _page_answer(self, name: str, *, visit: bool) -> Answer | None:
        try:
            # The name as it is kept, with its ending, and no other: as in a bucket.
            answered = answering.page_answer(self.services, name) if hosted_name(name) == name else None
            if answered and visit:
                self.pages.count_visit(name)
        except PageError:
            return None
        except StoreError:
            return Answer(503, b"unavailable", {"content-type": "text/plain; charset=utf-8"})
        return answered

    async def _missing(self, request: HttpRequest) -> Response:
        missing = missing_page(self._index_url(request))
        about = {name: missing.headers[name] for name in ("content-type", "cache-control")}
        return _response(Answer(missing.status, missing.body, {**PAGE_HEADERS, **about}))


class PagesServer(SecondServer):
    """Serves the second port, in the loop and for the life of the first."""

    def __init__(self, house: PagesHouse) -> None:
        """Nothing is served yet."""
        config = uvicorn.Config(
            house.pages_app(),
            log_config=None,
            access_log=False,
            proxy_headers=False,
            lifespan="off",
            timeout_graceful_shutdown=2,
            server_header=False,
        )
        super().__init__(config)


def _address(request: HttpRequest) -> str:
    """The address by which this machine was reached, as an origin without a port; "" for a name that may be
    another machine's, such as that of a tunnel which leads here."""
    host = request.url.hostname or ""
    try:
        return f"http://[{host}]" if ip_address(host).version == 6 else f"http://{host}"
    except ValueError:
        return f"http://{host}" if host == "localhost" else ""


async def _bounded_body(request: HttpRequest, most: int) -> bytes | None:
    """The body, or None as soon as it is larger than any page may be."""
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > most:
                return None
    except ClientDisconnect:
        return b""
    return bytes(body)


def _response(answered: Answer) -> Response:
    headers = dict(answered.headers)
    if "location" in headers:
        headers["location"] = quote(headers["location"], safe=":/?#[]@!$&'()*+,;=%")
    return Response(answered.body, answered.status, headers)
