"""Files from public addresses: bounded in size and time, and never from a private network.

Every hop's name is resolved here, all its addresses are looked at, and the connection goes to one of those,
so that a name cannot mean something else a moment later.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

import httpx

from wechat_mcp.tooling.results import Refused
from wechat_oa.fetch import is_public

MAX_BYTES = 12 << 20
"""WeChat's largest file is a video of 10 MB; a picture may be larger before it is shrunk."""
MAX_SECONDS = 20.0
_REDIRECTS = 3


class Fetched(NamedTuple):
    """A file from the web."""

    filename: str
    data: bytes
    content_type: str


Fetch = Callable[[str], Awaitable[Fetched]]
"""Fetches a public address. Raises Refused."""
Resolve = Callable[[str, int], Awaitable[list[str]]]


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a name. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class PublicFetcher:
    """Fetches from the public internet."""

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport | None = None,
        resolve: Resolve = resolve,
        *,
        max_bytes: int = MAX_BYTES,
        max_seconds: float = MAX_SECONDS,
    ) -> None:
        """``transport`` carries the requests, and ``resolve`` looks names up."""
        self._transport = transport
        self._resolve = resolve
        self._max_bytes = max_bytes
        self._max_seconds = max_seconds

    async def __call__(self, url: str) -> Fetched:
        """Fetch a file. Raises Refused, with a text in Chinese that says why."""
        try:
            async with asyncio.timeout(self._max_seconds):
                return await self._follow(url)
        except TimeoutError:
            raise Refused(f"{self._max_seconds:g} 秒内没有从这个地址取完文件，请换一个地址。") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise Refused(f"取不到这个地址的文件（{type(error).__name__}），请检查地址。") from error

    async def _follow(self, url: str) -> Fetched:
        for _ in range(_REDIRECTS + 1):
            answer = await self._get(url)
            if isinstance(answer, Fetched):
                return answer
            url = urljoin(url, answer)
        raise Refused("这个地址转来转去太多次，请直接给文件的地址。")

    async def _get(self, url: str) -> Fetched | str:
        """The file, or where it is to be looked for."""
        parts = urlsplit(url)
        host = parts.hostname
        if parts.scheme not in ("http", "https") or not host or parts.username or parts.password:
            raise Refused("url 要是 http:// 或 https:// 开头的公开地址，而且不带用户名和密码。")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        addresses = await self._resolve(host, port)
        if not addresses or not all(map(is_public, addresses)):
            raise Refused("这个地址不在公网上，服务器不去取。请用 file_data（base64）或一个公开的地址。")
        literal = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
        target = httpx.URL(url).copy_with(host=literal)
        transport = self._transport or httpx.AsyncHTTPTransport(retries=0)
        client = httpx.AsyncClient(transport=transport, follow_redirects=False, timeout=self._max_seconds)
        headers = {"Host": parts.netloc, "User-Agent": "wechat-oa", "Accept": "*/*"}
        async with (
            client,
            client.stream("GET", target, headers=headers, extensions={"sni_hostname": host}) as response,
        ):
            if response.is_redirect:
                return str(response.headers.get("Location", ""))
            if response.status_code != 200:
                raise Refused(f"这个地址回答 HTTP {response.status_code}，取不到文件。")
            data = bytearray()
            async for piece in response.aiter_bytes():
                data += piece
                if len(data) > self._max_bytes:
                    raise Refused(f"文件超过 {self._max_bytes >> 20} MB，请压缩后再试。")
            declared = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return Fetched(unquote(parts.path.rpartition("/")[2]), bytes(data), declared)
