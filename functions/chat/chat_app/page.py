"""The chat's page, where no CDN serves it: on one machine, and in AWS's regions in China."""

from __future__ import annotations

from pathlib import Path

from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wechat_oa.page_headers import site_headers

SITE = Path(__file__).parent / "site"


def page_app() -> ASGIApp:
    """Return the application that serves the page's files, with the headers that a CDN would send along."""
    return _WithHeaders(StaticFiles(directory=SITE, html=True))


class _WithHeaders:
    """Adds the site's headers, and makes browsers ask whether a file has changed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        headers = {**site_headers(), "cache-control": "no-cache"}
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *self._headers]}
            await send(message)

        await self._app(scope, receive, send_with_headers)
