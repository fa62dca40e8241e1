"""The page's JSON API and its static files, under /simulator/."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from .account import ACCOUNT_TYPES, MODES, PUSH_FORMATS
from .compose import CannotSendError, compose
from .guard import LocalOnly
from .media import MAX_BYTES, MediaError
from .phone import send
from .state import Platform

_SITE = Path(__file__).resolve().parent.parent / "simulator_site"

_MAX_JSON = 64 * 1024
_MAX_UPLOAD = MAX_BYTES * 4 // 3 + 1024
_MAX_WAIT = 20.0
"""Seconds that a request for changes is held at most."""
_MAX_PACE = 60.0
_MAX_JOB_SECONDS = 600.0
_LAST_PUBLISH_STATUS = 6
_COMMENT_LENGTH = 600
_NAME_LENGTH = 20

Choice = TypeVar("Choice", bound=str)


class Pace(Protocol):
    """How slow the demo model is: something with this attribute, shared with whoever reads it."""

    seconds: float
    """Seconds that a whole answer takes."""


class _BadRequestError(Exception):
    """The request makes no sense. The text says why, in Chinese."""


def simulator_routes(platform: Platform, *, pace: Pace | None = None) -> list[BaseRoute]:
    """Return the routes under ``/simulator``; ``pace`` is None when a real model answers."""
    api = _Api(platform, pace)
    api.show_settings()
    routes: list[BaseRoute] = [
        Route("/api/changes", _answering(api.changes), methods=["GET"]),
        Route("/api/followers", _answering(api.follower), methods=["POST"]),
        Route("/api/messages", _answering(api.message), methods=["POST"]),
        Route("/api/media", _answering(api.upload), methods=["POST"]),
        Route("/api/settings", _answering(api.settings), methods=["POST"]),
        Route("/api/comments", _answering(api.comment), methods=["POST"]),
        Route("/api/reset", _answering(api.reset), methods=["POST"]),
        Route("/media/{media_id}", api.media, methods=["GET"]),
        Mount("/", StaticFiles(directory=_SITE, html=True)),
    ]
    return [Mount("/simulator", routes=routes, middleware=[Middleware(LocalOnly)])]


class _Api:
    def __init__(self, platform: Platform, pace: Pace | None) -> None:
        self._platform = platform
        self._pace = pace

    def show_settings(self) -> None:
        self._platform.show_settings(pace=self._pace.seconds if self._pace else None)

    async def changes(self, request: Request) -> dict[str, Any]:
        """What changed after a number, at once or when it happens; everything, for who knows nothing yet."""
        feed, query = self._platform.feed, request.query_params
        run, openid = query.get("run", ""), query.get("openid", "")
        after, wait = _query_number(query.get("after")), _query_number(query.get("wait"))
        await feed.wait(run, int(after), min(wait, _MAX_WAIT))
        return {**feed.changes(run, int(after), openid), "now": self._platform.clock()}

    async def follower(self, request: Request) -> dict[str, Any]:
        """The follower of a name, a new one if need be."""
        body = await _json(request)
        follower = self._platform.follower(_name(body))
        return {"openid": follower.openid, "name": follower.name, "following": follower.following}

    async def message(self, request: Request) -> dict[str, Any]:
        """Send one message as a follower; its delivery shows in the changes, under the key returned."""
        body = await _json(request)
        follower = self._platform.follower(_name(body))
        mode = _choice(body, "mode", MODES) if "mode" in body else None
        composed = compose(self._platform, follower, str(body.get("type", "")), body)
        return {"openid": follower.openid, "key": send(self._platform, follower, composed, mode)}

    async def upload(self, request: Request) -> dict[str, Any]:
        """Keep a picture or a voice from the device, sent as base64."""
        body = await _json(request, limit=_MAX_UPLOAD)
        try:
            data = base64.b64decode(str(body.get("data", "")), validate=True)
        except (binascii.Error, ValueError):
            raise _BadRequestError("data 不是 base64") from None
        media = self._platform.media.add(data)
        return {"media_id": media.media_id, "kind": media.kind}

    async def settings(self, request: Request) -> dict[str, Any]:
        """Change the mode, the push format, the account type, what jobs come to, or the demo model's pace."""
        body, platform = await _json(request), self._platform
        if "mode" in body:
            platform.mode = _choice(body, "mode", platform.account.modes)
        if "push_format" in body:
            platform.push_format = _choice(body, "push_format", PUSH_FORMATS)
        if "account_type" in body:
            platform.account_type = _choice(body, "account_type", ACCOUNT_TYPES)
        if "job_seconds" in body:
            platform.job_seconds = _number(body["job_seconds"], "任务用的时间", _MAX_JOB_SECONDS)
        if "publish_status" in body:
            platform.publish_status = int(_number(body["publish_status"], "发布的结果", _LAST_PUBLISH_STATUS))
        if "pace" in body:
            self._set_pace(body["pace"])
        self.show_settings()
        return {}

    async def comment(self, request: Request) -> dict[str, Any]:
        """Write a comment under an article, as a follower."""
        body, platform = await _json(request), self._platform
        follower, content = platform.follower(_name(body)), str(body.get("content", "")).strip()
        article = platform.publications.article(body.get("msg_data_id"), body.get("index", 0))
        if article is None or not article.comments_open:
            raise _BadRequestError("没有这篇文章，或者它没有开放留言")
        if not 1 <= len(content) <= _COMMENT_LENGTH:
            raise _BadRequestError(f"留言要有 1 到 {_COMMENT_LENGTH} 个字")
        comment = platform.publications.comment(article, follower.openid, content)
        return {"user_comment_id": comment.user_comment_id}

    async def reset(self, _request: Request) -> dict[str, Any]:
        """Empty the phones."""
        self._platform.reset()
        self.show_settings()
        return {}

    async def media(self, request: Request) -> Response:
        """A file that a follower sent: the PicUrl of a picture."""
        media = self._platform.file(request.path_params["media_id"])
        if media is None:
            return JSONResponse({"error": "没有这个文件，或者它已经被清掉了"}, status_code=404)
        return Response(media.data, media_type=media.content_type)

    def _set_pace(self, value: object) -> None:
        if self._pace is None:
            raise _BadRequestError("现在回答的不是演示模型，没有快慢可调")
        self._pace.seconds = _number(value, "快慢", _MAX_PACE)


def _answering(
    answer: Callable[[Request], Awaitable[dict[str, Any]]],
) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that sends the answer as JSON, and a refusal as 400 with its reason."""

    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(await answer(request))
        except (_BadRequestError, CannotSendError, MediaError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    return endpoint


async def _json(request: Request, limit: int = _MAX_JSON) -> dict[str, Any]:
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > limit:
                raise _BadRequestError("请求太大")
        value = json.loads(body)
    except ClientDisconnect:
        raise _BadRequestError("请求没有传完") from None
    except (ValueError, RecursionError):
        raise _BadRequestError("请求不是 JSON") from None
    if not isinstance(value, dict):
        raise _BadRequestError("请求要是一个 JSON 对象")
    return value


def _name(body: dict[str, Any]) -> str:
    name = body.get("follower")
    if (
        not isinstance(name, str)
        or not name.strip().isprintable()
        or not 1 <= len(name.strip()) <= _NAME_LENGTH
    ):
        raise _BadRequestError(f"粉丝的名字要有 1 到 {_NAME_LENGTH} 个字")
    return name.strip()


def _choice(body: dict[str, Any], name: str, allowed: tuple[Choice, ...]) -> Choice:
    value = body[name]
    for one in allowed:
        if value == one:
            return one
    raise _BadRequestError(f"{name} 只能是 {'、'.join(allowed)}")


def _number(value: object, what: str, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise _BadRequestError(f"{what}要是 0 到 {most:g} 的数")
    return float(value)


def _query_number(value: str | None) -> float:
    try:
        number = float(value or 0)
    except ValueError:
        raise _BadRequestError("after 和 wait 要是数字") from None
    return number if 0 <= number <= 2**53 else 0.0
