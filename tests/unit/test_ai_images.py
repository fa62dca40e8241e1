"""Pictures go to the model as bytes, and are fetched from WeChat's hosts only."""

from __future__ import annotations

import httpx2
import pytest

from wechat_oa.ai.images import MAX_IMAGE_BYTES, inline_image

API = "https://api.weixin.qq.com"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def _serving(content: bytes, asked: list[str], status: int = 200) -> httpx2.MockTransport:
    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(status, content=content)

    return httpx2.MockTransport(answer)


@pytest.mark.parametrize("url", ["http://mmbiz.qpic.cn/mmbiz_jpg/x/0", "https://wx.qlogo.cn/a"])
async def test_a_picture_of_wechats_is_inlined(url: str) -> None:
    asked: list[str] = []
    inlined = await inline_image(url, API, _serving(PNG, asked))
    assert inlined.startswith("data:image/png;base64,iVBORw0K")
    assert asked == [url]


async def test_on_one_machine_the_simulators_picture_is_inlined() -> None:
    url = "http://127.0.0.1:3004/simulator/media/x"
    inlined = await inline_image(url, "http://127.0.0.1:3004/wechat-platform", _serving(PNG, []))
    assert inlined.startswith("data:image/png;")


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:9001/2018-06-01/runtime",
        "http://qpic.cn.evil.example/x",
        "http://evilqpic.cn/x",
        "file:///etc/passwd",
        "not an address",
        "http://[",
        "",
    ],
)
async def test_no_other_host_is_asked(url: str) -> None:
    asked: list[str] = []
    assert await inline_image(url, API, _serving(PNG, asked)) == url
    assert asked == []


@pytest.mark.parametrize(
    ("content", "status"), [(b"<html>", 200), (b"", 404), (b"\x89PNG" + b"\0" * MAX_IMAGE_BYTES, 200)]
)
async def test_what_is_no_usable_picture_stays_an_address(content: bytes, status: int) -> None:
    url = "http://mmbiz.qpic.cn/x"
    assert await inline_image(url, API, _serving(content, [], status)) == url


async def test_an_unreachable_picture_stays_an_address() -> None:
    def refuse(_request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no")

    url = "http://mmbiz.qpic.cn/x"
    assert await inline_image(url, API, httpx2.MockTransport(refuse)) == url
