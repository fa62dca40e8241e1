"""Fetching what a stranger names: nothing but the public Internet, and no more than there is room for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import httpx
import pytest

from wechat_oa.fetch import FetchError, fetch, is_public

PUBLIC = "93.184.216.34"
NAMES = {
    "a.example": [PUBLIC],
    "b.example": [PUBLIC],
    "inside.example": ["10.0.0.7"],
    "mixed.example": [PUBLIC, "127.0.0.1"],
    "nowhere.example": [],
}


async def resolve(host: str, port: int) -> Sequence[str]:
    if host not in NAMES:
        raise OSError("no such host")
    return NAMES[host]


async def get(url: str, answer: Callable[[httpx.Request], httpx.Response], *, max_bytes: int = 100) -> bytes:
    transport = httpx.MockTransport(answer)
    return (await fetch(url, max_bytes=max_bytes, transport=transport, resolve=resolve)).data


def ok(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=b"picture", headers={"Content-Type": "image/png; x=y"})


async def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return ok(request)

    assert await get("https://a.example:8443/x?y=1", answer) == b"picture"
    assert str(seen[0].url) == f"https://{PUBLIC}:8443/x?y=1"
    assert seen[0].headers["Host"] == "a.example:8443"
    assert seen[0].extensions["sni_hostname"] == "a.example"


async def test_the_name_is_the_end_of_the_address_and_the_type_has_no_parameters() -> None:
    transport = httpx.MockTransport(ok)

    found = await fetch("http://a.example/x/a%20b.png?y=1", max_bytes=9, transport=transport, resolve=resolve)

    assert found == ("a b.png", b"picture", "image/png")


async def test_a_name_in_another_script_is_asked_for_as_it_is_written_in_certificates() -> None:
    seen: list[httpx.Request] = []
    asked: list[str] = []

    async def found(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["2606:2800:220:1::1"]

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return ok(request)

    await fetch("https://图片.example/a", max_bytes=9, transport=httpx.MockTransport(answer), resolve=found)

    assert (
        asked == [seen[0].extensions["sni_hostname"]] == [seen[0].headers["Host"]] == ["xn--wcsw84d.example"]
    )
    assert str(seen[0].url) == "https://[2606:2800:220:1::1]/a"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.1.2.3/",
        "http://0.0.0.0/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::a00:1]/",
        "http://inside.example/",
        "http://mixed.example/",
        "http://nowhere.example/",
    ],
)
async def test_private_addresses_are_refused(url: str) -> None:
    with pytest.raises(FetchError, match="内网"):
        await get(url, ok)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "file:///etc/passwd",
        "a.example",
        "http://",
        "javascript:1",
        "http://a" * 900,
    ],
)
async def test_other_schemes_and_broken_addresses_are_refused(url: str) -> None:
    with pytest.raises(FetchError, match="http"):
        await get(url, ok)


async def test_a_password_in_the_address_is_refused() -> None:
    with pytest.raises(FetchError, match="密码"):
        await get("https://user:pass@a.example/", ok)


async def test_a_name_that_does_not_exist_is_said() -> None:
    with pytest.raises(FetchError, match="域名"):
        await get("https://unknown.example/", ok)


async def test_redirects_are_followed_and_each_is_checked() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers["Host"] == "a.example":
            return httpx.Response(302, headers={"Location": "//b.example/y"})
        return ok(request)

    assert await get("https://a.example/", answer) == b"picture"


async def test_a_redirect_to_a_private_address_is_refused() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(301, headers={"Location": "http://169.254.169.254/"})

    with pytest.raises(FetchError, match="内网"):
        await get("https://a.example/", answer)


async def test_redirects_come_to_an_end() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"Location": "https://a.example/again"})

    with pytest.raises(FetchError, match="跳转"):
        await get("https://a.example/", answer)


async def test_what_is_too_large_is_not_read_to_its_end() -> None:
    read = 0

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            nonlocal read
            while True:
                read += 1
                yield b"x" * 65536

    with pytest.raises(FetchError, match="MB"):
        await get("https://a.example/", lambda request: httpx.Response(200, stream=Endless()))
    assert read <= 2


async def test_what_says_that_it_is_too_large_is_not_read_at_all() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Length": "101"}, content=b"")

    with pytest.raises(FetchError, match="MB"):
        await get("https://a.example/", answer)


async def test_what_takes_too_long_is_given_up() -> None:
    async def slow(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(FetchError, match="秒"):
        await fetch(
            "https://a.example/",
            max_bytes=9,
            transport=httpx.MockTransport(slow),
            resolve=resolve,
            seconds=0.01,
        )


async def test_errors_of_the_other_side_are_said() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset")

    with pytest.raises(FetchError, match="404"):
        await get("https://a.example/", lambda request: httpx.Response(404))
    with pytest.raises(FetchError, match="ReadError"):
        await get("https://a.example/", broken)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        (PUBLIC, True),
        ("2606:2800:220:1::1", True),
        ("::ffff:93.184.216.34", True),
        ("100.64.0.1", False),
        ("192.168.1.1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("224.0.0.1", False),
        ("2002:7f00:1::", False),
        ("::", False),
        ("not an address", False),
    ],
)
def test_what_is_public(address: str, public: bool) -> None:
    assert is_public(address) is public
