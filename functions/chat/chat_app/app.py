"""The chat's application: its routes, and what every one of them has in common."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from chat_app import entering, owning
from chat_app.errors import NO_STORE, Refusal
from chat_app.measuring import Measured
from chat_app.reading import read_answer
from chat_app.sending import answer_question
from chat_app.services import ChatServices
from wechat_oa.store.table import StoreError

log = logging.getLogger(__name__)

Answer = Callable[[ChatServices, Request], Response | Awaitable[Response]]

ROUTES: tuple[tuple[str, tuple[str, ...], Answer], ...] = (
    ("POST", ("/chat/api/send", "/api/chat"), answer_question),
    ("GET", ("/chat/api/config", "/api/config"), entering.read_config),
    ("POST", ("/chat/api/config", "/api/config"), owning.save_ai),
    ("POST", ("/chat/api/validate-password", "/api/validate-password"), owning.validate_password),
    ("GET", ("/chat/api/settings",), owning.read_ai),
    ("POST", ("/chat/api/models",), owning.list_models),
    ("POST", ("/chat/api/code",), entering.enter_code),
    ("POST", ("/chat/api/codes",), owning.make_codes),
    ("GET", ("/chat/api/answer",), read_answer),
)
"""Method, paths and what answers: the second path is the one that older clients know."""


def make_app(services: ChatServices) -> FastAPI:
    """Return the application, which answers under the context path and without it."""
    app = FastAPI(
        title="公众号网页聊天", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False
    )
    prefixes = dict.fromkeys(("", services.settings.context_path))
    for method, paths, answer in ROUTES:
        for path in (prefix + path for prefix in prefixes for path in paths):
            app.add_api_route(path, _endpoint(services, answer), methods=[method], response_model=None)
    app.add_api_route("/health", _endpoint(services, _health), methods=["GET"], response_model=None)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(StoreError, _no_store)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_middleware(Measured, metrics_namespace=services.settings.metrics_namespace, clock=services.clock)
    return app


def _endpoint(services: ChatServices, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        answered = answer(services, request)
        return await answered if isinstance(answered, Awaitable) else answered

    return endpoint


def _health(services: ChatServices, _request: Request) -> Response:
    """Whether the table can be reached; asked by the Web Adapter before the first request."""
    services.table.get("health", "-")
    return JSONResponse({"status": "ok"})


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101  # nosec B101 (what it is registered for)
    return error.response()


async def _no_store(_request: Request, error: Exception) -> Response:
    log.error("the store refused: %s", error)
    return NO_STORE.response()


async def _http_error(_request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 500)
    text = {404: "没有这个地址。", 405: "这个地址不接受这种请求。"}.get(status, "请求不对。")
    return Refusal(status, "http_error", text).response()
