"""Files from public addresses, and from nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import httpx
import pytest

from wechat_mcp.fetching import PublicFetcher
from wechat_mcp.tooling.results import Refused

NAMES = {
    "pictures.example": ["203.0.114.7"],
    "inside.example": ["10.0.0.5"],
    "both.example": ["203.0.114.7", "127.0.0.1"],
    "metadata.example": ["169.254.169.254"],
    "mapped.example": ["::ffff:10.0.0.1"],
    "127.0.0.1": ["127.0.0.1"],
    "localhost": ["::1"],
}


async def resolve(host: str, _port: int) -> list[str]:
    if host not in NAMES:
        raise OSError("no such name")
    return NAMES[host]


def fetcher(handler: object, **limits: float) -> PublicFetcher:
    return PublicFetcher(httpx.MockTransport(handler), resolve, **limits)  # type: ignore[arg-type]


async def test_a_file_is_fetched_from_the_address_that_was_looked_at() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=b"picture", headers={"Content-Type": "image/png; q=1"})

    found = await fetcher(answer)("https://pictures.example/a%20b.png?x=1")

    assert found == ("a b.png", b"picture", "image/png")
    assert seen[0].url.host == "203.0.114.7"
    assert seen[0].headers["Host"] == "pictures.example"
    assert seen[0].extensions["sni_hostname"] == "pictures.example"


@pytest.mark.parametrize(
    "url",
    [
        "http://inside.example/a.png",
        "http://both.example/a.png",
        "http://metadata.example/latest/meta-data/",
        "http://mapped.example/",
        "http://127.0.0.1:3004/health",
        "http://localhost/",
        "http://unknown.example/",
        "ftp://pictures.example/a.png",
        "file:///etc/passwd",
        "https://user:secret@pictures.example/",
        "pictures.example/a.png",
        "http://[::1",
    ],
)
async def test_nothing_is_asked_of_an_address_that_is_not_public(url: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    with pytest.raises(Refused):
        await fetcher(answer)(url)


async def test_a_redirect_is_looked_at_like_the_first_address() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "203.0.114.7"
        return httpx.Response(302, headers={"Location": "http://inside.example/"})

    with pytest.raises(Refused, match="不在公网"):
        await fetcher(answer)("https://pictures.example/")


async def test_redirects_end() -> None:
    with pytest.raises(Refused, match="太多次"):
        await fetcher(lambda _: httpx.Response(302, headers={"Location": "/again"}))(
            "https://pictures.example/"
        )


async def test_a_file_is_bounded_in_size_and_time() -> None:
    async def slow(_request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def endless() -> AsyncGenerator[bytes]:
        while True:
            yield b"x" * 1000

    with pytest.raises(Refused, match="超过"):
        await fetcher(lambda _: httpx.Response(200, content=endless()), max_bytes=1 << 20)(
            "https://pictures.example/"
        )
    with pytest.raises(Refused, match="秒内"):
        await fetcher(slow, max_seconds=0.05)("https://pictures.example/")


async def test_an_error_page_is_no_file() -> None:
    with pytest.raises(Refused, match="404"):
        await fetcher(lambda _: httpx.Response(404, content=b"no"))("https://pictures.example/")
