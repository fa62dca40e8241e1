"""What every HTTP request passes first: a bounded body, and a server that has a way in at all."""

from __future__ import annotations

import json
import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

MAX_BODY = 6 << 20
"""Bytes. Lambda's own limit; base64 of a file of 4 MB fits."""


class _TooLargeError(Exception):
    """More came than may."""


class BodyCap:
    """Answers 413 to a body that is, or turns out to be, too large."""

    def __init__(self, app: ASGIApp, max_bytes: int = MAX_BODY) -> None:
        """``app`` sees no more than ``max_bytes``."""
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._max_bytes:
            await _refuse(
                send, 413, "请求太大，大文件请用 wechat_temporary_media 的 upload_url。 · Too large."
            )
            return
        received, started = 0, False

        async def bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise _TooLargeError
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, bounded, noted)
        except _TooLargeError:
            if not started:
                await _refuse(send, 413, "请求太大。 · Too large.")


class Closed:
    """Refuses everything but the health check, and says why."""

    def __init__(self, app: ASGIApp, reason: str) -> None:
        """``reason`` is for whoever runs the server, in Chinese and English."""
        self._app = app
        self._reason = reason

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a health check on, and refuse the rest."""
        if scope["type"] == "http" and not scope["path"].endswith("/health"):
            await _refuse(send, 503, self._reason)
            return
        await self._app(scope, receive, send)


async def _refuse(send: Send, status: int, reason: str) -> None:
    body = json.dumps({"success": False, "error": reason}, ensure_ascii=False).encode()
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
