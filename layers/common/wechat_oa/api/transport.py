"""One call over the wire: sent, bounded, and what went wrong named after what may have happened at WeChat."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

import httpx

from .errors import BUSY, UnknownOutcome, WeChatUnavailable, refusal

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 30.0
TOKEN_TIMEOUT = 8.0
UPLOAD_TIMEOUT = 120.0
"""Seconds without a sign of life, not for the whole call."""
MAX_JSON = 16 << 20
"""Bytes. Twenty drafts of eight articles of 20 000 汉字 (draft/batchget) are almost ten million."""
MAX_DOWNLOAD = 32 << 20
"""Bytes. WeChat's own limit is 10 MB, for a video."""
BUSY_WAITS = (0.5, 1.5)
"""Seconds to wait before each repetition of a call that WeChat was too busy for."""

_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True)
class Call:
    """What to ask of WeChat, so that it can be asked again with another access token."""

    method: str
    path: str
    """Below the base address, with its leading slash and without a query."""
    params: Mapping[str, str] = field(default_factory=dict)
    payload: Any = field(default=None, repr=False)
    """Sent as JSON, unless None."""
    files: Mapping[str, tuple[str, bytes, str]] | None = field(default=None, repr=False)
    """For multipart: name, content and type by field."""
    form: Mapping[str, str] | None = field(default=None, repr=False)
    """The other fields of a multipart request."""
    idempotent: bool = False
    """Whether making the call twice is as good as once."""
    expects: str = ""
    """The field without which the JSON answer says nothing."""
    max_bytes: int = MAX_JSON
    timeout: float = READ_TIMEOUT

    def lost(self, reason: str) -> WeChatUnavailable:
        """Return the error for a call that WeChat may have received."""
        return (WeChatUnavailable if self.idempotent else UnknownOutcome)(self.path, reason)


@dataclass(frozen=True)
class Download:
    """What WeChat answered: a file, or a JSON object."""

    content: bytes = field(repr=False)
    content_type: str
    """Without parameters; recognised from the content where WeChat does not say."""
    filename: str
    """As WeChat calls the file, without any folder; empty if it does not."""
    data: dict[str, Any] | None = field(default=None, repr=False)
    """The JSON object, if it is one: a video's address comes in place of the video."""


def make_http_client(
    transport: httpx.AsyncBaseTransport | None = None, *, proxy: str = ""
) -> httpx.AsyncClient:
    """Return the HTTP client for WeChat's API, and keep httpx from logging addresses with secrets in them.

    ``proxy`` is the address of an HTTP proxy to go through, if any; may hold a name and a password.
    """
    # A level would not do: other libraries (openai, with OPENAI_LOG) set the same logger's.
    logging.getLogger("httpx").addFilter(_has_no_secret)
    return httpx.AsyncClient(transport=transport, proxy=proxy or None, follow_redirects=False)


def plain_post(
    http: httpx.AsyncClient, base_url: str, *, sleep: Sleep = asyncio.sleep
) -> Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any]]]:
    """Return what posts JSON without an access token, for ``AccessTokens``: its only use may be repeated."""

    async def post(path: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        call = Call("POST", path, payload=payload, idempotent=True, timeout=TOKEN_TIMEOUT)
        return json_of(await send(http, base_url, call, sleep=sleep), call)

    return post


async def send(
    http: httpx.AsyncClient,
    base_url: str,
    call: Call,
    *,
    access_token: str = "",
    sleep: Sleep = asyncio.sleep,
) -> Download:
    """Make a call and return what WeChat answered to it, if it is not an error.

    A call that was provably not sent is made once more; so is, twice and with pauses, an idempotent one that
    WeChat was too busy for (-1). Raises WeChatError (refused), UnknownOutcome (not idempotent, and WeChat may
    have received it) and WeChatUnavailable (anything else; may be made again).
    """
    waits = iter(BUSY_WAITS)
    while True:
        answer = await _exchange(http, base_url, call, access_token)
        error = refusal(answer.data or {}, call.path, secret=access_token)
        if error is None:
            return answer
        if error.errcode != BUSY:
            raise error
        if not call.idempotent:
            raise UnknownOutcome(call.path, "微信系统繁忙", errcode=BUSY, errmsg=error.errmsg, rid=error.rid)
        wait = next(waits, None)
        if wait is None:
            raise error
        await sleep(wait)


def json_of(answer: Download, call: Call) -> dict[str, Any]:
    """Return the JSON object of an answer. Raises as ``send`` does when it is not what was to be expected."""
    if answer.data is None:
        raise call.lost("回应不是 JSON")
    if call.expects and call.expects not in answer.data:
        raise call.lost(f"回应里没有 {call.expects}")
    return answer.data


async def _exchange(http: httpx.AsyncClient, base_url: str, call: Call, access_token: str) -> Download:
    try:
        return await _exchange_once(http, base_url, call, access_token)
    except _NEVER_SENT:
        pass
    try:
        return await _exchange_once(http, base_url, call, access_token)
    except _NEVER_SENT as error:
        raise WeChatUnavailable(call.path, f"连接不上：{type(error).__name__}") from error


async def _exchange_once(http: httpx.AsyncClient, base_url: str, call: Call, access_token: str) -> Download:
    body: dict[str, Any] = {"files": call.files, "data": call.form}
    if call.payload is not None:
        # WeChat shows \uXXXX to readers as it is written, or refuses it (40033).
        text = json.dumps(call.payload, ensure_ascii=False)
        body = {"content": text.encode("utf-8", "replace"), "headers": {"Content-Type": "application/json"}}
    try:
        async with http.stream(
            call.method,
            base_url + call.path,
            params={**call.params, "access_token": access_token} if access_token else call.params,
            timeout=httpx.Timeout(call.timeout, connect=CONNECT_TIMEOUT, pool=CONNECT_TIMEOUT),
            **body,
        ) as response:
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > call.max_bytes:
                    raise call.lost(f"回应超过 {call.max_bytes >> 20} MiB")
    except _NEVER_SENT:
        raise
    except httpx.RequestError as error:
        raise call.lost(f"连接中断：{type(error).__name__}") from error
    answer = _as_download(bytes(content), response.headers)
    if response.status_code != 200 and not (answer.data or {}).get("errcode"):
        # A proxy on the way, or an address that is not WeChat's. Below 500 nothing was passed on.
        reason = f"HTTP {response.status_code}"
        raise call.lost(reason) if response.status_code >= 500 else WeChatUnavailable(call.path, reason)
    return answer


def _as_download(content: bytes, headers: httpx.Headers) -> Download:
    """WeChat declares JSON as text/plain, sends errors in place of files, and files without a type."""
    disposition = Message()
    disposition["Content-Disposition"] = headers.get("Content-Disposition", "")
    filename = (disposition.get_filename() or "").replace("\\", "/").rpartition("/")[2]
    if content.lstrip()[:1] == b"{":
        try:
            # Nicknames hold raw control characters.
            data = json.loads(content.decode("utf-8", "replace"), strict=False)
        except (ValueError, RecursionError):
            pass
        else:
            return Download(content, "application/json", filename, data)
    declared = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return Download(content, declared or _recognise(content), filename)


_BEGINNINGS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG", "image/png"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"#!AMR", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
)


def _recognise(content: bytes) -> str:
    if content[4:8] == b"ftyp":
        return "video/mp4"
    known = (kind for start, kind in _BEGINNINGS if content.startswith(start))
    return next(known, "application/octet-stream")


def _has_no_secret(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    return "access_token=" not in message and "secret=" not in message
