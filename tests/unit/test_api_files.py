"""Files on their way to WeChat and back."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.wechat_api import Platform, Time
from wechat_oa.api import material, media
from wechat_oa.api.client import WeChatClient
from wechat_oa.api.errors import UnknownOutcome, WeChatUnavailable
from wechat_oa.api.limits import LimitError

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16
MP4 = b"\0\0\0\x18ftypmp42" + b"\0" * 16
MB = 1 << 20

UPLOAD = "/cgi-bin/media/upload"
UPLOADIMG = "/cgi-bin/media/uploadimg"
ADD = "/cgi-bin/material/add_material"


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    platform = Platform(tmp_path, Time())
    yield platform
    platform.table.close()


def parts(request: httpx.Request) -> dict[str, tuple[dict[str, str], str, bytes]]:
    """The fields of a multipart request: the disposition's parameters, the type and the content."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    parsed = BytesParser().parsebytes(head + request.content)
    found = {}
    for part in parsed.get_payload():
        assert isinstance(part, Message)
        parameters = dict(part.get_params(header="content-disposition", unquote=True) or ())
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        found[parameters["name"]] = (parameters, str(part["content-type"]), content)
    return found


async def test_a_temporary_picture_is_uploaded_under_a_plain_name(platform: Platform) -> None:
    platform.answers(UPLOAD, {"type": "image", "media_id": "M", "created_at": 1672500000})

    uploaded = await media.upload_temporary(
        platform.client(), "image", PNG, filename="封面 图.png", content_type="image/png"
    )

    assert uploaded == media.UploadedMedia("image", "M", 1672500000, ())
    (request,) = platform.asked(UPLOAD)
    assert request.url.params["type"] == "image"
    parameters, content_type, content = parts(request)["media"]
    assert (parameters["filename"], content_type, content) == ("file.png", "image/png", PNG)
    assert b"filename*" not in request.content


async def test_a_thumbs_id_has_a_name_of_its_own(platform: Platform) -> None:
    platform.answers(UPLOAD, {"type": "thumb", "thumb_media_id": "T", "created_at": 1})

    uploaded = await media.upload_temporary(
        platform.client(), "thumb", b"\xff\xd8\xff", filename="t.jpg", content_type="image/jpeg"
    )

    assert uploaded.media_id == "T"


async def test_a_picture_for_articles_succeeds_without_an_errcode_and_as_text(platform: Platform) -> None:
    answer = json.dumps({"url": "http://mmbiz.qpic.cn/XXXXX"})
    platform.answers(UPLOADIMG, httpx.Response(200, text=answer, headers={"content-type": "text/plain"}))

    image = await media.upload_article_image(
        platform.client(), PNG, filename="a.png", content_type="image/png"
    )

    assert image == media.ArticleImage("http://mmbiz.qpic.cn/XXXXX", ())


async def test_a_videos_description_is_a_field_of_the_form(platform: Platform) -> None:
    platform.answers(ADD, {"media_id": "M"})

    added = await material.add(
        platform.client(),
        "video",
        MP4,
        filename="v.mp4",
        content_type="video/mp4",
        title="标题",
        introduction="简介",
    )

    assert added == material.AddedMaterial("M", "", ())
    (request,) = platform.asked(ADD)
    assert dict(request.url.params) == {"type": "video", "access_token": platform.token}
    _, _, description = parts(request)["description"]
    assert description.decode() == '{"title": "标题", "introduction": "简介"}'


async def test_a_permanent_picture_comes_with_its_address(platform: Platform) -> None:
    platform.answers(ADD, {"media_id": "M", "url": "http://mmbiz.qpic.cn/p", "item": []})

    added = await material.add(platform.client(), "image", PNG, filename="p.png", content_type="image/png")

    assert added == material.AddedMaterial("M", "http://mmbiz.qpic.cn/p", ())


async def test_a_video_of_the_library_is_its_address(platform: Platform) -> None:
    path = "/cgi-bin/material/get_material"
    answer = {"title": "题", "description": "述", "down_url": "http://d"}
    platform.answers(path, httpx.Response(200, text=json.dumps(answer)))

    got = await material.get(platform.client(), "M")

    assert got.data == answer
    assert json.loads(platform.asked(path)[0].content) == {"media_id": "M"}


async def test_a_picture_of_the_library_comes_without_a_type(platform: Platform) -> None:
    platform.answers("/cgi-bin/material/get_material", httpx.Response(200, content=PNG))

    got = await material.get(platform.client(), "M")

    assert (got.content, got.content_type, got.data) == (PNG, "image/png", None)


async def test_a_voice_of_the_js_sdk_is_fetched_by_its_id(platform: Platform) -> None:
    path = "/cgi-bin/media/get/jssdk"
    platform.answers(path, httpx.Response(200, content=b"speex", headers={"content-type": "voice/speex"}))

    got = await media.get_high_quality_voice(platform.client(), "M")

    assert (got.content, got.content_type) == (b"speex", "voice/speex")
    assert platform.asked(path)[0].url.params["media_id"] == "M"


def _upload(client: WeChatClient) -> Awaitable[Any]:
    return media.upload_temporary(client, "image", PNG, filename="a.png", content_type="image/png")


def _uploadimg(client: WeChatClient) -> Awaitable[Any]:
    return media.upload_article_image(client, PNG, filename="a.png", content_type="image/png")


def _add(client: WeChatClient) -> Awaitable[Any]:
    return material.add(client, "image", PNG, filename="a.png", content_type="image/png")


@pytest.mark.parametrize(
    ("path", "do", "times"), [(UPLOAD, _upload, 3), (UPLOADIMG, _uploadimg, 3), (ADD, _add, 1)]
)
async def test_only_what_stays_in_the_library_is_not_uploaded_again(
    platform: Platform, path: str, do: Callable[[WeChatClient], Awaitable[Any]], times: int
) -> None:
    busy = {"errcode": -1, "errmsg": "system error"}
    platform.answers(path, busy, busy, busy)

    with pytest.raises(WeChatUnavailable) as caught:
        await do(platform.client())

    assert isinstance(caught.value, UnknownOutcome) == (times == 1)
    assert len(platform.asked(path)) == times


@pytest.mark.parametrize(
    ("media_type", "size", "content_type", "warned"),
    [
        ("image", 2 * MB, "image/png", False),
        ("image", 2 * MB + 1, "image/png", True),
        ("image", 10 * MB, "image/gif", True),
        ("voice", 2 * MB, "audio/amr", False),
        ("video", 10 * MB, "video/mp4", False),
        ("thumb", 64 << 10, "image/jpeg", False),
    ],
)
def test_a_file_within_the_limits_passes_and_warns_where_the_documentation_says_two_things(
    media_type: media.MediaType, size: int, content_type: str, warned: bool
) -> None:
    warnings = media.check_file(media_type, b"\0" * size, content_type)

    assert bool(warnings) == warned
    assert all("微信的文档说法不一" in warning for warning in warnings)


@pytest.mark.parametrize(
    ("media_type", "size", "content_type", "reason"),
    [
        ("image", 10 * MB + 1, "image/png", "最多收 10 MB"),
        ("image", 1, "image/webp", "不能是 image/webp"),
        ("image", 1, "image/bmp", "不能是 image/bmp"),
        ("voice", 2 * MB + 1, "audio/amr", "最多收 2 MB"),
        ("voice", 1, "audio/wav", "不能是 audio/wav"),
        ("video", 10 * MB + 1, "video/mp4", "最多收 10 MB"),
        ("thumb", (64 << 10) + 1, "image/jpeg", "最多收 64 KB"),
        ("thumb", 1, "image/png", "不能是 image/png"),
        ("image", 0, "image/png", "空文件"),
        ("news", 1, "image/png", "素材类型只能是"),
    ],
)
def test_a_file_past_the_limits_is_refused_in_chinese(
    media_type: media.MediaType, size: int, content_type: str, reason: str
) -> None:
    with pytest.raises(LimitError, match=reason):
        media.check_file(media_type, b"\0" * size, content_type)


@pytest.mark.parametrize(
    ("media_type", "content_type"),
    [("image", "image/bmp"), ("voice", "audio/wav"), ("voice", "audio/x-ms-wma")],
)
def test_the_library_takes_more_types(media_type: media.MediaType, content_type: str) -> None:
    assert (
        media.check_file(
            media_type, b"\0" * 10 * MB if media_type == "image" else b"\0", content_type, permanent=True
        )
        == []
    )


@pytest.mark.parametrize(
    ("size", "content_type", "reason"),
    [(MB, "image/png", "请压缩后再传"), (1, "image/gif", "只能是 JPEG 或 PNG"), (0, "image/png", "空文件")],
)
def test_a_picture_for_articles_has_limits_of_its_own(size: int, content_type: str, reason: str) -> None:
    assert media.check_article_image(b"\0" * (MB - 1), "image/jpeg") == []
    with pytest.raises(LimitError, match=reason):
        media.check_article_image(b"\0" * size, content_type)


async def test_nothing_is_sent_of_what_is_refused(platform: Platform) -> None:
    client = platform.client()
    with pytest.raises(LimitError):
        await media.upload_temporary(client, "image", b"", filename="a.png", content_type="image/png")
    with pytest.raises(LimitError, match="title"):
        await material.add(client, "video", MP4, filename="v.mp4", content_type="video/mp4")
    assert platform.requests == []
