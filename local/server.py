"""The web server: the callback as WeChat calls it, the web chat, the simulator, the demo model."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from local.chat_server import chat_routes
from local.house import House
from local.platform.api import api_routes
from local.platform.simulator import simulator_routes
from local.platform.state import PLATFORM_PATH
from wechat_oa.callback.wire import MAX_BODY
from wechat_oa.store.table import StoreError
from wechat_reply.answering import HttpAnswer, answer, verify


def make_app(house: House) -> Starlette:
    """Return the application that serves a house; its lifespan starts and stops the house's work."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        house.start()
        try:
            yield
        finally:
            await house.stop()

    async def callback(request: Request) -> Response:
        query = request.query_params
        if request.method == "GET":
            return _response(verify(house.services, query))
        body = await _bounded_body(request)
        if body is None:
            return Response("too large", 413, media_type="text/plain")
        return _response(await answer(house.services, query, body))

    async def health(_request: Request) -> Response:
        try:
            house.table.get("health", "-")
        except StoreError:
            return JSONResponse({"status": "unavailable", "table": "unavailable"}, 503)
        return JSONResponse(
            {
                "status": "ok",
                "table": "ok",
                "account": "configured" if house.real_account else "simulated",
                "model": "demo" if house.demo_answers else "configured",
            }
        )

    async def missing(request: Request, _error: Exception) -> Response:
        if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
            return await house.pages.missing(request)
        return Response("not found", 404, media_type="text/plain")

    prefixes = dict.fromkeys(("", house.settings.context_path))
    routes: list[BaseRoute] = [
        Route(f"{prefix}/wechat/reply", callback, methods=["GET", "POST"]) for prefix in prefixes
    ]
    routes.append(Route("/health", health))
    routes += chat_routes(house)
    if house.simulator:
        routes += simulator_routes(house.platform, pace=house.pace if house.demo_served else None)
    if house.demo_served:
        routes += house.demo.routes()
    if not house.real_account:
        routes.append(Mount(PLATFORM_PATH, routes=api_routes(house.platform)))
    routes += house.pages.routes()
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: missing})


async def _bounded_body(request: Request) -> bytes | None:
    """The body, or None as soon as it is larger than any message of WeChat's."""
    body = b""
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > MAX_BODY:
                return None
    except ClientDisconnect:
        return b""
    return body


def _response(answered: HttpAnswer) -> Response:
    return Response(
        answered.body,
        answered.status,
        {"content-type": answered.content_type, "x-content-type-options": "nosniff"},
    )
