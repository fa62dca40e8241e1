"""The web chat on one machine: the same application, and its page as the site serves it."""

from __future__ import annotations

from starlette.routing import BaseRoute, Mount, Route

from chat_app.app import make_app
from chat_app.page import page_app
from local.house import House


def chat_routes(house: House) -> list[BaseRoute]:
    """Return the routes of the chat's API and its page, under the context path and without it."""
    api = make_app(house.chat)
    page = page_app()
    prefixes = dict.fromkeys(("", house.settings.context_path))
    return [
        *(Route(path, api) for path in dict.fromkeys(_paths(api.routes))),
        *(Mount(f"{prefix}/chat", page) for prefix in prefixes),
    ]


def _paths(routes: list[BaseRoute]) -> list[str]:
    return [route.path for route in routes if isinstance(route, Route) and route.path != "/health"]
