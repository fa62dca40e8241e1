"""A follower's picture, as a model can take it.

WeChat gives an address (``PicUrl``) that not every service can reach, or fetch without https: the bytes go
along instead.
"""

from __future__ import annotations

import base64
import logging
from urllib.parse import urlsplit

import httpx2

log = logging.getLogger(__name__)

MAX_IMAGE_BYTES = 10 * 1024 * 1024
"""As large as WeChat lets a picture be."""
_SECONDS = 10.0
_WECHAT_HOSTS = (".qpic.cn", ".qlogo.cn")
_SIGNATURES = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG": "image/png",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}


async def inline_image(url: str, api_url: str, transport: httpx2.AsyncBaseTransport | None = None) -> str:
    """Return a picture as a ``data:`` address, or ``url`` itself where it cannot be fetched from here.

    Only WeChat's own hosts are asked, and that of ``api_url`` (the account's API: on one machine the
    simulator stands there), so that no message can make us fetch from anywhere else. Never raises.
    """
    host = _host(url)
    if not host.endswith(_WECHAT_HOSTS) and host != _host(api_url):
        return url
    try:
        data = await _fetch(url, transport)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        log.warning("picture not fetched: %s", type(error).__name__)
        return url
    content_type = next((kind for start, kind in _SIGNATURES.items() if data.startswith(start)), "")
    if not content_type or len(data) > MAX_IMAGE_BYTES:
        log.warning("picture not used: it is no image, or too large")
        return url
    return f"data:{content_type};base64,{base64.b64encode(data).decode()}"


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


async def _fetch(url: str, transport: httpx2.AsyncBaseTransport | None) -> bytes:
    data = b""
    async with (
        httpx2.AsyncClient(transport=transport, timeout=_SECONDS, follow_redirects=False) as client,
        client.stream("GET", url) as response,
    ):
        async for piece in response.aiter_bytes():
            data += piece
            if len(data) > MAX_IMAGE_BYTES:
                break
    return data
