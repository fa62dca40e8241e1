"""The web chat on one machine: the same application, and its page as the site serves it."""

from __future__ import annotations

from pathlib import Path

from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import chat_app
from chat_app.app import make_app
from local.house import House
from wechat_oa.page_headers import site_headers

SITE = Path(chat_app.__file__).parent / "site"


def chat_routes(house: House) -> list[BaseRoute]:
    """Return the routes of the chat's API and its page, under the context path and without it."""
    api = make_app(house.chat)
    page = _WithHeaders(StaticFiles(directory=SITE, html=True))
    prefixes = dict.fromkeys(("", house.settings.context_path))
    return [
        *(Route(path, api) for path in dict.fromkeys(_paths(api.routes))),
        *(Mount(f"{prefix}/chat", page) for prefix in prefixes),
    ]


def _paths(routes: list[BaseRoute]) -> list[str]:
    return [route.path for route in routes if isinstance(route, Route) and route.path != "/health"]


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
