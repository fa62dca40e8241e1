"""The client of WeChat's server API, which everything that is asked of WeChat goes through."""

from __future__ import annotations

import asyncio
import mimetypes
import re
from collections.abc import Mapping
from typing import Any

import httpx

from .errors import TOKEN_REFUSED, WeChatError
from .token import AccessTokens, Ask, TokenTable
from .transport import (
    MAX_DOWNLOAD,
    UPLOAD_TIMEOUT,
    Call,
    Download,
    Sleep,
    json_of,
    make_http_client,
    plain_post,
    send,
)

__all__ = ["Download", "WeChatClient", "make_client", "make_http_client"]


class WeChatClient:
    """Makes calls with the account's access token, and once more with a new one if WeChat refuses it.

    Every method raises WeChatError when WeChat refuses, UnknownOutcome when a call that is not idempotent may
    or may not have taken effect, WeChatUnavailable when it did not or may be made again, and what the token's
    table raises. ``path`` begins with a slash and has no query: that goes into ``params``.
    """

    def __init__(
        self, http: httpx.AsyncClient, tokens: AccessTokens, base_url: str, *, sleep: Sleep = asyncio.sleep
    ) -> None:
        """``base_url`` is WeChat's address, or that of a reverse proxy for it, without a slash at its end."""
        self._http = http
        self._tokens = tokens
        self._base_url = base_url
        self._sleep = sleep

    async def post_json(
        self,
        path: str,
        payload: Any,
        params: Mapping[str, str] | None = None,
        *,
        idempotent: bool = False,
        expects: str = "",
    ) -> dict[str, Any]:
        """Post JSON and return the JSON answer. When WeChat is busy, an ``idempotent`` call is repeated.

        An answer without the field that is expected is worth as much as none.
        """
        return await self._json(
            Call("POST", path, params or {}, payload=payload, idempotent=idempotent, expects=expects)
        )

    async def get_json(
        self, path: str, params: Mapping[str, str] | None = None, *, expects: str = ""
    ) -> dict[str, Any]:
        """Get and return a JSON answer. WeChat's GET calls may all be repeated."""
        return await self._json(Call("GET", path, params or {}, idempotent=True, expects=expects))

    async def download(
        self, path: str, params: Mapping[str, str] | None = None, *, payload: Any = None
    ) -> Download:
        """Fetch a file (at most 32 MiB), by POST if there is a payload: reading twice does no harm."""
        method = "GET" if payload is None else "POST"
        return await self._call(
            Call(method, path, params=params or {}, payload=payload, idempotent=True, max_bytes=MAX_DOWNLOAD)
        )

    async def upload(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        field: str,
        filename: str,
        data: bytes,
        content_type: str,
        form: Mapping[str, str] | None = None,
        idempotent: bool = False,
        expects: str = "",
    ) -> dict[str, Any]:
        """Upload one file as multipart, with ``form`` as the other fields, and return the JSON answer.

        WeChat judges a file by the ending of its name, and reads names outside ASCII as a missing file
        (41005): such a name is replaced, and its ending kept or taken from the type.
        """
        return await self._json(
            Call(
                "POST",
                path,
                params=params or {},
                files={field: (_ascii_filename(filename, content_type), data, content_type)},
                form=form,
                idempotent=idempotent,
                expects=expects,
                timeout=UPLOAD_TIMEOUT,
            )
        )

    async def _json(self, call: Call) -> dict[str, Any]:
        return json_of(await self._call(call), call)

    async def _call(self, call: Call) -> Download:
        token = await self._tokens.get()
        try:
            return await self._send(call, token)
        except WeChatError as error:
            if error.errcode not in TOKEN_REFUSED:
                raise
            renewed = await self._tokens.renew(token)
            if renewed == token:
                raise
        return await self._send(call, renewed)

    async def _send(self, call: Call, token: str) -> Download:
        return await send(self._http, self._base_url, call, access_token=token, sleep=self._sleep)


def make_client(
    http: httpx.AsyncClient,
    table: TokenTable,
    *,
    app_id: str,
    app_secret: str,
    base_url: str,
    token_proxy: str = "",
    ask: Ask | None = None,
) -> WeChatClient:
    """Return the client of one account, whose access token is shared through the table.

    Only fetching a token needs an address that is on the account's whitelist: it goes through
    ``token_proxy``, or is left to whoever can be asked (``ask``).
    """
    token_http = make_http_client(proxy=token_proxy) if token_proxy else http
    tokens = AccessTokens(table, app_id, app_secret, plain_post(token_http, base_url), ask=ask)
    return WeChatClient(http, tokens, base_url)


def _ascii_filename(filename: str, content_type: str) -> str:
    stem, dot, ending = filename.replace("\\", "/").rpartition("/")[2].rpartition(".")
    if not (dot and re.fullmatch(r"[A-Za-z0-9]{1,8}", ending)):
        stem, ending = stem or ending, (mimetypes.guess_extension(content_type) or ".bin")[1:]
    return f"{re.sub(r'[^A-Za-z0-9_-]+', '', stem)[:64] or 'file'}.{ending}"
