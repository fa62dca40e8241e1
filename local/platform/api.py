"""What stands for api.weixin.qq.com: a list of endpoints behind one door that checks method and token.

As WeChat does, every answer is HTTP 200; a refusal is JSON with errcode and errmsg. To add an endpoint, write
a function from Call to Answer and put it into ENDPOINTS.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import (
    api_comment,
    api_customer_service,
    api_draft,
    api_mass,
    api_material,
    api_media,
    api_menu,
    api_network,
    api_publish,
    api_qrcode,
    api_quota,
    api_statistics,
    api_tag,
    api_template,
    api_token,
    api_user,
)
from .api_errors import ApiError
from .article_pages import article_routes
from .endpoint import Call, Endpoint, File
from .media import MAX_BYTES
from .records import FailedCall
from .state import Platform

ENDPOINTS: tuple[Endpoint, ...] = (
    *api_token.ENDPOINTS,
    *api_customer_service.ENDPOINTS,
    *api_media.ENDPOINTS,
    *api_material.ENDPOINTS,
    *api_draft.ENDPOINTS,
    *api_publish.ENDPOINTS,
    *api_menu.ENDPOINTS,
    *api_user.ENDPOINTS,
    *api_tag.ENDPOINTS,
    *api_qrcode.ENDPOINTS,
    *api_template.ENDPOINTS,
    *api_mass.ENDPOINTS,
    *api_comment.ENDPOINTS,
    *api_statistics.ENDPOINTS,
    *api_quota.ENDPOINTS,
    *api_network.ENDPOINTS,
)
_BY_PATH = {endpoint.path: endpoint for endpoint in ENDPOINTS}

_MAX_JSON = 10 * 1024 * 1024
_MAX_UPLOAD = MAX_BYTES + 1024 * 1024
_SHOWN = 2000
"""Characters of a refused call that rid/get shows."""


def api_routes(platform: Platform) -> list[Route]:
    """Return the routes of the API, to be mounted where WECHAT_OFFICIAL_API_URL points."""

    platform.daily_limits = {endpoint.path: endpoint.daily_limit for endpoint in ENDPOINTS}

    async def door(request: Request) -> Response:
        started = time.perf_counter()
        body = b""
        try:
            endpoint = _endpoint(request)
            body = await _body(request, _MAX_UPLOAD if endpoint.upload else _MAX_JSON)
            return await _answer(platform, endpoint, request, body)
        except ApiError as error:
            refusal = error.body()
            seconds = time.perf_counter() - started
            platform.records.note_failure(error.rid, _failed(platform, request, body, refusal, seconds))
            return JSONResponse(refusal)

    return [*article_routes(platform), Route("/{path:path}", door, methods=["GET", "POST"])]


def _endpoint(request: Request) -> Endpoint:
    endpoint = _BY_PATH.get("/" + request.path_params["path"])
    if endpoint is None:
        raise ApiError(40066)
    if request.method != endpoint.method:
        raise ApiError(43001 if endpoint.method == "GET" else 43002)
    return endpoint


async def _answer(platform: Platform, endpoint: Endpoint, request: Request, body: bytes) -> Response:
    fields: Mapping[str, Any] = {}
    files: dict[str, File] = {}
    if endpoint.upload:
        fields, files = await _form(request, body)
    elif endpoint.method == "POST":
        fields = _json(body)
    if endpoint.needs_token:
        _check_token(platform, request.query_params.get("access_token", ""))
    if platform.account_type not in endpoint.account_types:
        raise ApiError(48001)
    if platform.records.count_call(endpoint.path) > endpoint.daily_limit:
        raise ApiError(45009)
    answer = endpoint.answer(Call(platform, request.query_params, fields, files))
    if isinstance(answer, Response):
        return answer
    return JSONResponse(answer, media_type="text/plain" if endpoint.upload else None)


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


async def _body(request: Request, most: int) -> bytes:
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > most:
                raise ApiError(45001 if most == _MAX_UPLOAD else 45002)
    except ClientDisconnect:
        raise ApiError(44002) from None
    return bytes(body)


async def _form(request: Request, body: bytes) -> tuple[dict[str, str], dict[str, File]]:
    """Read multipart as WeChat does: a file whose name is not plain ASCII is not there."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    fields: dict[str, str] = {}
    files: dict[str, File] = {}
    try:
        async with Request(request.scope, receive).form(max_files=2, max_fields=10) as form:
            for name, value in form.items():
                if not isinstance(value, UploadFile):
                    fields[name] = value
                elif value.filename and value.filename.isascii():
                    files[name] = File(value.filename, await value.read())
    except HTTPException:
        raise ApiError(41005) from None
    return fields, files


def _json(body: bytes) -> dict[str, object]:
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


def _failed(
    platform: Platform, request: Request, body: bytes, refusal: Mapping[str, Any], seconds: float
) -> FailedCall:
    """What rid/get tells: never a token or a secret, which the real one shows."""
    path = "/" + request.path_params["path"]
    endpoint = _BY_PATH.get(path)
    secret = endpoint is None or not endpoint.needs_token
    query = "&".join(f"{name}={value}" for name, value in request.query_params.items() if "token" not in name)
    seen = {
        "invoke_time": int(platform.clock()),
        "cost_in_ms": int(seconds * 1000),
        "request_url": "" if secret else query,
        "request_body": "" if secret else body[:_SHOWN].decode("utf-8", "replace"),
        "response_body": json.dumps(refusal, ensure_ascii=False)[:_SHOWN],
        "client_ip": request.client.host if request.client else "",
    }
    return FailedCall(path, seen)
