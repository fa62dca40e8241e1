"""What stands for api.weixin.qq.com: a list of endpoints behind one door that checks method and token.

As WeChat does, every answer is HTTP 200; a refusal is JSON with errcode and errmsg. To add an endpoint, write
a function from Call to Answer and put it into ENDPOINTS.
"""

from __future__ import annotations

import json
import re

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import api_customer_service, api_media, api_token
from .api_errors import ApiError
from .endpoint import Call, Endpoint
from .state import Platform

ENDPOINTS: tuple[Endpoint, ...] = (
    *api_token.ENDPOINTS,
    *api_customer_service.ENDPOINTS,
    *api_media.ENDPOINTS,
)

_MAX_BODY = 1024 * 1024


def api_routes(platform: Platform) -> list[Route]:
    """Return the routes of the API, to be mounted where WECHAT_OFFICIAL_API_URL points."""
    by_path = {endpoint.path: endpoint for endpoint in ENDPOINTS}

    async def door(request: Request) -> Response:
        try:
            return await _answer(platform, by_path, request)
        except ApiError as error:
            return JSONResponse(error.body())

    return [Route("/{path:path}", door, methods=["GET", "POST"])]


async def _answer(platform: Platform, endpoints: dict[str, Endpoint], request: Request) -> Response:
    endpoint = endpoints.get("/" + request.path_params["path"])
    if endpoint is None:
        raise ApiError(40066)
    if request.method != endpoint.method:
        raise ApiError(43001 if endpoint.method == "GET" else 43002)
    call = Call(platform, request.query_params, await _json(request) if endpoint.method == "POST" else {})
    if endpoint.needs_token:
        _check_token(platform, request.query_params.get("access_token", ""))
    if platform.account_type not in endpoint.account_types:
        raise ApiError(48001)
    answer = endpoint.answer(call)
    return answer if isinstance(answer, Response) else JSONResponse(answer)


def _check_token(platform: Platform, token: str) -> None:
    if not token:
        raise ApiError(41001)
    match platform.tokens.state(token):
        case "unknown":
            raise ApiError(40001)
        case "expired":
            raise ApiError(42001)
        case "good":
            return


async def _json(request: Request) -> dict[str, object]:
    body = b""
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > _MAX_BODY:
                raise ApiError(45002)
    except ClientDisconnect:
        raise ApiError(44002) from None
    if not body:
        raise ApiError(44002)
    try:
        value = json.loads(_escapes_kept(body.decode()))
    except (ValueError, RecursionError):
        raise ApiError(47001) from None
    if not isinstance(value, dict):
        raise ApiError(47001)
    return value


def _escapes_kept(text: str) -> str:
    r"""Return JSON in which ``\uXXXX`` stays as it is written.

    WeChat does not decode these escapes: a sender that escapes Chinese sees ``\u4f60`` on the phone.
    """
    return re.sub(r"(?<!\\)((?:\\\\)*)\\u", r"\1\\\\u", text)
