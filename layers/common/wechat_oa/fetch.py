"""Fetching an address that somebody else wrote: public hosts only, bounded in size, in time and in redirects.

A name is looked up once, every address that it has must be a public one, and the connection goes to the
address that was checked: a name whose answer changes in between (DNS rebinding) leads nowhere else.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import httpx

MAX_REDIRECTS = 5
SECONDS = 20.0
"""For everything: names, redirects and all of the content."""
CONNECT_SECONDS = 5.0

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_MAX_ADDRESS = 4096  # characters

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Given a host and a port, returns its IP addresses. Raises OSError."""


class FetchError(Exception):
    """An address could not be fetched. ``str()`` is a sentence in Chinese, without the address."""


class File(NamedTuple):
    """A file, as it was at an address."""

    filename: str
    """The last part of the address, decoded; empty where it ends with a slash."""
    data: bytes
    content_type: str
    """Without parameters; empty where the server does not say."""


async def fetch(
    url: str,
    *,
    max_bytes: int,
    transport: httpx.AsyncBaseTransport | None = None,
    resolve: Resolve | None = None,
    seconds: float = SECONDS,
    accept: str = "*/*",
    redirects: int = MAX_REDIRECTS,
) -> File:
    """Return what is at an http(s) address, after at most ``redirects``. Raises FetchError.

    No proxy is used: it would look names up itself.
    """
    try:
        async with asyncio.timeout(seconds), _client(transport) as client:
            for _ in range(redirects + 1):
                answer = await _step(client, url, max_bytes, resolve or _resolve, accept)
                if isinstance(answer, File):
                    return answer
                url = answer
    except TimeoutError as error:
        raise FetchError(f"{seconds:g} 秒内没有下载完：请换一个更快的地址，或先存到本地。") from error
    raise FetchError(f"跳转超过 {redirects} 次：请用最后的那个地址。")


def _client(transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=transport,
        trust_env=False,
        follow_redirects=False,
        timeout=httpx.Timeout(SECONDS, connect=CONNECT_SECONDS),
    )


async def _step(
    client: httpx.AsyncClient, url: str, max_bytes: int, resolve: Resolve, accept: str
) -> File | str:
    """Return what is at an address, or where it points."""
    parsed = _parsed(url)
    address = await _public_address(parsed, resolve)
    headers = {"Host": parsed.netloc.decode("ascii"), "Accept": accept, "User-Agent": "wechat-oa"}
    request = client.build_request(
        "GET",
        parsed.copy_with(host=address),
        headers=headers,
        extensions={"sni_hostname": parsed.raw_host.decode("ascii")},
    )
    try:
        response = await client.send(request, stream=True)
        try:
            if response.has_redirect_location:
                return str(parsed.join(response.headers["Location"]))
            if response.status_code != 200:
                raise FetchError(
                    f"对方服务器回答 HTTP {response.status_code}：请检查地址能否在浏览器里打开。"
                )
            return File(
                parsed.path.rpartition("/")[2], await _content(response, max_bytes), _content_type(response)
            )
        finally:
            await response.aclose()
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError) as error:
        raise FetchError(f"连接失败（{type(error).__name__}）：请检查地址能否在浏览器里打开。") from error


def _parsed(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url) if len(url) <= _MAX_ADDRESS else None
    except (httpx.InvalidURL, TypeError, ValueError):
        parsed = None
    if parsed is None or parsed.scheme not in ("http", "https") or not parsed.host:
        raise FetchError("只能下载 http:// 或 https:// 开头的完整地址。")
    if parsed.userinfo:
        raise FetchError("地址里不能带用户名和密码。")
    return parsed


async def _public_address(url: httpx.URL, resolve: Resolve) -> str:
    port = url.port or (443 if url.scheme == "https" else 80)
    host = url.raw_host.decode("ascii")
    try:
        addresses = [host] if _is_ip(host) else await resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise FetchError("找不到这个域名：请检查地址有没有写错。") from error
    if not addresses or not all(map(is_public, addresses)):
        raise FetchError("这个地址指向内网或本机，出于安全不能下载：请换成公网地址。")
    return addresses[0]


async def _content(response: httpx.Response, max_bytes: int) -> bytes:
    too_large = FetchError(f"文件超过 {max_bytes / (1 << 20):g} MB：请先压缩。")
    announced = response.headers.get("Content-Length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > max_bytes:
        raise too_large
    content = bytearray()
    async for piece in response.aiter_bytes(64 * 1024):
        content += piece
        if len(content) > max_bytes:
            raise too_large
    return bytes(content)


def _content_type(response: httpx.Response) -> str:
    declared: str = response.headers.get("Content-Type", "")
    return declared.partition(";")[0].strip().lower()


async def _resolve(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[4][0]) for address in found]


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """Whether an IP address is a public one, also where an IPv6 address stands for an IPv4 one."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        embedded = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if embedded is None and ip in _NAT64:
            embedded = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if embedded is not None:
            return is_public(str(embedded))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved
