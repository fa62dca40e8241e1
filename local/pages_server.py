"""Hosted pages on one machine: index and API beside the rest, the pages themselves on a second port."""

from __future__ import annotations

from dataclasses import replace
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
        pages_url = settings.pages_url or f"{base_url.rpartition(':')[0]}:{settings.pages_port}"
        self._index_url = f"{settings.site_url or base_url + settings.context_path}/"
        self.settings = replace(settings, pages_url=pages_url)
        blobs = FolderBlobs(Path(settings.data_dir) / "pages")
        self.pages = Pages(table, blobs, base_url=pages_url, max_bytes=settings.pages_max_bytes)
        links = {"模拟器": "/simulator/"} if simulator else {}
        self.services = PagesServices(self.settings, table, self.pages, links=links)

    def routes(self) -> list[BaseRoute]:
        """Return the routes beside everything else's: ``/``, the API, the page manager, files at the root."""
        paths = (
            "/",
            "/static-pages/",
            "/pages/{name}",
            "/manage",
            "/manage/{file:path}",
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
        return _response(await run_in_threadpool(answering.answer, self.services, asked))

    async def _page(self, request: HttpRequest) -> Response:
        # A preview in the page manager is no visit.
        opened = request.headers.get("sec-fetch-dest", "document") == "document"
        name = request.path_params["name"]
        return _response(await run_in_threadpool(self._page_answer, name, visit=opened))

    def _page_answer(self, name: str, *, visit: bool) -> Answer:
        try:
            # The name as it is kept, with its ending, and no other: as in a bucket.
            answered = answering.page_answer(self.services, name) if hosted_name(name) == name else None
            if answered and visit:
                self.pages.count_visit(name)
        except PageError:
            answered = None
        except StoreError:
            return Answer(503, b"unavailable", {"content-type": "text/plain; charset=utf-8"})
        return answered or missing_page(self._index_url)

    async def _missing(self, _request: HttpRequest) -> Response:
        return _response(missing_page(self._index_url))


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
