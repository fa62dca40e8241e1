"""Calls to WeChat: what is sent, what may be sent twice, and what is said when it goes wrong."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.wechat_api import APP_ID, APP_SECRET, BASE_URL, Platform, Time
from wechat_oa.api import media
from wechat_oa.api.client import make_client
from wechat_oa.api.errors import UnknownOutcome, WeChatError, WeChatUnavailable
from wechat_oa.api.token import TOKEN_PATH

ADD = "/cgi-bin/draft/add"
COUNT = "/cgi-bin/draft/count"
MEDIA = "/cgi-bin/media/get"
REFUSED = {"errcode": 40001, "errmsg": "invalid credential, access_token is invalid rid: 6949fe38-0627ff0d"}
BUSY = {"errcode": -1, "errmsg": "system error rid: 646607e3-7843f01d-5c3f3ec3"}
GZIP = {"Content-Encoding": "gzip"}
PNG = b"\x89PNG\r\n\x1a\n...."


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def platform(time: Time, tmp_path: Path) -> Iterator[Platform]:
    platform = Platform(tmp_path, time)
    yield platform
    platform.table.close()


async def test_chinese_goes_out_unescaped(platform: Platform) -> None:
    platform.answers(ADD, {"media_id": "M"})

    await platform.client().post_json(ADD, {"title": "你好，“世界”😀", "content": "<p>\u2028</p>"})

    (request,) = platform.asked(ADD)
    assert "你好，“世界”😀".encode() in request.content
    assert b"\\u" not in request.content
    assert json.loads(request.content)["content"] == "<p>\u2028</p>"
    assert request.headers["Content-Type"] == "application/json"
    assert request.url.params["access_token"] == platform.token


async def test_half_a_surrogate_pair_does_not_stop_a_call(platform: Platform) -> None:
    platform.answers(ADD, {"media_id": "M"})

    await platform.client().post_json(ADD, {"title": "a\ud83d"})

    assert json.loads(platform.asked(ADD)[0].content) == {"title": "a?"}


@pytest.mark.parametrize("content_type", ["text/plain", "application/json; encoding=utf-8", None])
async def test_an_answer_is_json_whatever_it_is_declared_as(
    platform: Platform, content_type: str | None
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    body = '{"total_count": 15, "nickname": "小明\u0001"}'.encode()
    platform.answers(COUNT, httpx.Response(200, headers=headers, content=body))

    assert await platform.client().get_json(COUNT) == {"total_count": 15, "nickname": "小明\u0001"}


async def test_an_errcode_in_a_successful_response_is_an_error(platform: Platform) -> None:
    platform.answers(ADD, {"errcode": 40007, "errmsg": "invalid media_id hint: [a-0] rid: 698ea13f-7fddc2d7"})

    with pytest.raises(WeChatError, match=r"40007.*永久素材.*698ea13f-7fddc2d7") as caught:
        await platform.client().post_json(ADD, {})
    assert (caught.value.errcode, caught.value.path) == (40007, ADD)
    assert not isinstance(caught.value, WeChatUnavailable)
    assert len(platform.asked(ADD)) == 1


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
async def test_a_revoked_token_is_renewed_once_and_nothing_is_done_twice(
    platform: Platform, errcode: int
) -> None:
    drafts: list[Any] = []
    client = platform.client()

    def add(request: httpx.Request) -> httpx.Response:
        if request.url.params["access_token"] != "TOKEN_2_that_nobody_may_see":
            return httpx.Response(200, json={"errcode": errcode, "errmsg": "invalid"})
        drafts.append(json.loads(request.content))
        return httpx.Response(200, json={"media_id": "M"})

    platform.handlers[ADD] = add

    assert await client.post_json(ADD, {"title": "一"}) == {"media_id": "M"}
    assert drafts == [{"title": "一"}]
    assert platform.forced == [False, False, True]


async def test_still_refused_after_renewal_is_an_error_that_explains_itself(platform: Platform) -> None:
    platform.answers(ADD, REFUSED, REFUSED)

    with pytest.raises(WeChatError, match=r"40001.*WECHAT_APP_ID.*6949fe38-0627ff0d"):
        await platform.client().post_json(ADD, {})
    assert len(platform.asked(ADD)) == 2


async def test_a_token_that_cannot_be_renewed_yet_is_not_tried_again(platform: Platform) -> None:
    platform.answers(ADD, REFUSED, REFUSED, REFUSED)
    client = platform.client()
    with pytest.raises(WeChatError):
        await client.post_json(ADD, {})

    with pytest.raises(WeChatError, match="40001"):
        await client.post_json(ADD, {})
    assert len(platform.asked(ADD)) == 3
    assert platform.forced.count(True) == 1


async def test_busy_is_waited_out_when_a_call_may_be_repeated(platform: Platform, time: Time) -> None:
    platform.answers(COUNT, BUSY, BUSY, {"total_count": 15})

    assert await platform.client().get_json(COUNT) == {"total_count": 15}
    assert time.slept == [0.5, 1.5]


async def test_busy_for_too_long_is_reported(platform: Platform) -> None:
    platform.answers(COUNT, BUSY, BUSY, BUSY)

    with pytest.raises(WeChatUnavailable, match=r"繁忙.*646607e3-7843f01d-5c3f3ec3") as caught:
        await platform.client().post_json(COUNT, {}, idempotent=True)
    assert not isinstance(caught.value, UnknownOutcome)
    assert caught.value.errcode == -1


async def test_busy_leaves_the_outcome_of_any_other_call_unknown(platform: Platform, time: Time) -> None:
    platform.answers(ADD, BUSY)

    with pytest.raises(UnknownOutcome, match="646607e3-7843f01d-5c3f3ec3") as caught:
        await platform.client().post_json(ADD, {})
    assert caught.value.errcode == -1
    assert len(platform.asked(ADD)) == 1
    assert time.slept == []


LOST = [httpx.ReadTimeout("slow"), httpx.WriteTimeout("slow"), httpx.ReadError("reset")]
LOST += [httpx.WriteError("broken pipe"), httpx.RemoteProtocolError("Server disconnected")]


@pytest.mark.parametrize("lost", LOST, ids=lambda lost: type(lost).__name__)
async def test_a_call_lost_on_the_way_has_an_unknown_outcome_and_is_never_repeated(
    platform: Platform, lost: Exception
) -> None:
    platform.answers(ADD, lost)

    with pytest.raises(UnknownOutcome, match=type(lost).__name__):
        await platform.client().post_json(ADD, {})
    assert len(platform.asked(ADD)) == 1


@pytest.mark.parametrize("lost", LOST, ids=lambda lost: type(lost).__name__)
async def test_a_lost_call_that_may_be_repeated_says_so(platform: Platform, lost: Exception) -> None:
    platform.answers(COUNT, lost)

    with pytest.raises(WeChatUnavailable) as caught:
        await platform.client().get_json(COUNT)
    assert not isinstance(caught.value, UnknownOutcome)


@pytest.mark.parametrize("failure", [httpx.ConnectError("no route"), httpx.ConnectTimeout("slow")])
async def test_a_call_that_was_never_sent_is_made_once_more(platform: Platform, failure: Exception) -> None:
    platform.answers(ADD, failure, {"media_id": "M"})

    assert await platform.client().post_json(ADD, {}) == {"media_id": "M"}


async def test_a_call_that_cannot_be_sent_is_known_not_to_have_been(platform: Platform) -> None:
    platform.answers(ADD, httpx.ConnectError("no route"), httpx.ConnectError("no route"))

    with pytest.raises(WeChatUnavailable, match="连接不上：ConnectError") as caught:
        await platform.client().post_json(ADD, {})
    assert not isinstance(caught.value, UnknownOutcome)
    assert len(platform.asked(ADD)) == 2


@pytest.mark.parametrize(
    ("response", "unknown"),
    [
        (httpx.Response(502, text="<html>Bad Gateway"), True),
        (httpx.Response(504, json={"message": "timed out"}), True),
        (httpx.Response(200, text="<html>please log in"), True),
        (httpx.Response(200, text='{"media_id": "cut of'), True),
        (httpx.Response(200, json=["media_id"]), True),
        (httpx.Response(200, text='{"a":' * 100_000), True),
        (
            httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"not gzip")),
            True,
        ),
        (httpx.Response(200, content=b'{"a": "' + b"x" * (17 << 20) + b'"}'), True),
        (httpx.Response(302, headers={"Location": "https://elsewhere.test/"}), False),
        (httpx.Response(404, text="not found"), False),
        (httpx.Response(403, json={"message": "Forbidden"}), False),
    ],
    ids=["502", "504", "html", "cut off", "a list", "too deep", "not gzip", "too long", "302", "404", "403"],
)
async def test_an_answer_that_is_not_wechats_is_an_unknown_outcome_unless_nothing_was_passed_on(
    platform: Platform, response: httpx.Response, unknown: bool
) -> None:
    platform.answers(ADD, response)

    with pytest.raises(WeChatUnavailable) as caught:
        await platform.client().post_json(ADD, {})
    assert isinstance(caught.value, UnknownOutcome) is unknown
    assert len(platform.asked(ADD)) == 1


async def test_a_refusal_with_another_status_than_200_is_still_a_refusal(platform: Platform) -> None:
    platform.answers(ADD, httpx.Response(412, json={"errcode": 48001, "errmsg": "api unauthorized"}))

    with pytest.raises(WeChatError, match="48001"):
        await platform.client().post_json(ADD, {})


async def test_an_image_is_downloaded_with_its_type_and_name(platform: Platform) -> None:
    headers = {"Content-Type": "image/jpeg", "Content-disposition": 'attachment; filename="MEDIA_ID.jpg"'}
    platform.answers(MEDIA, httpx.Response(200, headers=headers, content=b"\xff\xd8\xff.."))

    image = await media.get_temporary(platform.client(), "MEDIA_ID")

    assert (image.content, image.content_type, image.filename) == (
        b"\xff\xd8\xff..",
        "image/jpeg",
        "MEDIA_ID.jpg",
    )
    assert image.data is None
    assert platform.asked(MEDIA)[0].url.params["media_id"] == "MEDIA_ID"


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"#!AMR\n", "audio/amr"),
        (b"\x00\x00\x00\x18ftypmp42", "video/mp4"),
        (b"{not json", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
async def test_a_file_without_a_declared_type_is_recognised(
    platform: Platform, content: bytes, content_type: str
) -> None:
    platform.answers(MEDIA, httpx.Response(200, content=content))

    file = await media.get_temporary(platform.client(), "M")

    assert (file.content, file.content_type) == (content, content_type)


@pytest.mark.parametrize("declared", ["../../etc/passwd", "C:\\\\secret\\\\passwd", "/etc/passwd"])
async def test_a_downloads_name_holds_no_folder(platform: Platform, declared: str) -> None:
    headers = {"Content-Disposition": f'attachment; filename="{declared}"'}
    platform.answers(MEDIA, httpx.Response(200, headers=headers, content=PNG))

    assert (await media.get_temporary(platform.client(), "M")).filename == "passwd"


async def test_a_video_is_answered_with_its_address(platform: Platform) -> None:
    headers = {"Content-Type": "text/plain"}
    platform.answers(MEDIA, httpx.Response(200, headers=headers, text='{"video_url":"http://v.test/1"}'))

    assert (await media.get_temporary(platform.client(), "M")).data == {"video_url": "http://v.test/1"}


async def test_an_error_in_place_of_a_file_is_an_error(platform: Platform) -> None:
    headers = {"Content-Type": "image/jpeg"}
    body = json.dumps({"errcode": 40007, "errmsg": "invalid media_id"})
    platform.answers(MEDIA, httpx.Response(200, headers=headers, text=body))

    with pytest.raises(WeChatError, match=r"40007"):
        await media.get_temporary(platform.client(), "M")


async def test_a_file_that_never_ends_is_left_alone(platform: Platform) -> None:
    platform.answers(MEDIA, httpx.Response(200, content=PNG + bytes(33 << 20)))

    with pytest.raises(WeChatUnavailable, match="32 MiB"):
        await media.get_temporary(platform.client(), "M")


async def test_a_file_can_be_fetched_by_post(platform: Platform) -> None:
    path = "/cgi-bin/material/get_material"
    platform.answers(path, httpx.Response(200, content=PNG))

    file = await platform.client().download(path, payload={"media_id": "M"})

    assert file.content_type == "image/png"
    assert json.loads(platform.asked(path)[0].content) == {"media_id": "M"}


async def test_an_upload_is_multipart_with_its_fields_and_survives_a_revoked_token(
    platform: Platform,
) -> None:
    path = "/cgi-bin/material/add_material"
    platform.answers(path, REFUSED, {"media_id": "M", "url": "http://mmbiz.qpic.cn/1"})

    answer = await platform.client().upload(
        path,
        {"type": "video"},
        field="media",
        filename="a.mp4",
        data=b"\x00\x01video",
        content_type="video/mp4",
        form={"description": '{"title":"标题"}'},
    )

    assert answer["media_id"] == "M"
    for request in platform.asked(path):
        assert request.url.params["type"] == "video"
        assert (
            b'name="media"; filename="a.mp4"\r\nContent-Type: video/mp4\r\n\r\n\x00\x01video'
            in request.content
        )
        assert 'name="description"\r\n\r\n{"title":"标题"}'.encode() in request.content
        assert int(request.headers["Content-Length"]) == len(request.content)


@pytest.mark.parametrize(
    ("filename", "sent"),
    [
        ("photo.PNG", "photo.PNG"),
        ("封面图.png", "file.png"),
        ("封面 2024-v1.final.png", "2024-v1final.png"),
        ("封面", "file.png"),
        ("", "file.png"),
        ("cover.图", "cover.png"),
        ('a"\r\nX-Evil: 1.png', "aX-Evil1.png"),
        ("../../a.png", "a.png"),
        ("C:\\pictures\\a.png", "a.png"),
    ],
)
async def test_a_files_name_is_sent_in_ascii_with_an_ending(
    platform: Platform, filename: str, sent: str
) -> None:
    path = "/cgi-bin/media/uploadimg"
    platform.answers(path, {"url": "http://mmbiz.qpic.cn/1"})

    await platform.client().upload(path, field="media", filename=filename, data=PNG, content_type="image/png")

    assert f'name="media"; filename="{sent}"\r\n'.encode() in platform.asked(path)[0].content


async def test_an_upload_that_was_lost_has_an_unknown_outcome(platform: Platform) -> None:
    path = "/cgi-bin/material/add_material"
    platform.answers(path, httpx.WriteTimeout("slow"))

    with pytest.raises(UnknownOutcome):
        await platform.client().upload(
            path, {"type": "image"}, field="media", filename="a.png", data=PNG, content_type="image/png"
        )


async def test_every_wait_has_an_end_and_uploads_get_a_longer_one(platform: Platform) -> None:
    platform.answers(COUNT, {"total_count": 1})
    platform.answers("/cgi-bin/media/uploadimg", {"url": "u"})
    client = platform.client()
    await client.get_json(COUNT)
    await client.upload(
        "/cgi-bin/media/uploadimg", field="media", filename="a.png", data=PNG, content_type="image/png"
    )

    timeouts = [request.extensions["timeout"] for request in platform.requests]

    assert [timeout["connect"] for timeout in timeouts] == [5, 5, 5]
    assert [timeout["read"] for timeout in timeouts] == [8, 30, 120]


async def test_a_base_address_with_a_path_is_kept(platform: Platform) -> None:
    platform.handlers["/proxy" + TOKEN_PATH] = lambda _: httpx.Response(
        200, json={"access_token": "T", "expires_in": 7200}
    )
    platform.handlers["/proxy" + COUNT] = lambda _: httpx.Response(200, json={"total_count": 2})
    client = make_client(
        platform.http,
        platform.table,
        app_id=APP_ID,
        app_secret=APP_SECRET,
        base_url=f"{BASE_URL}/proxy",
    )

    assert await client.get_json(COUNT) == {"total_count": 2}


FAILURES = [REFUSED, BUSY, httpx.ReadTimeout("slow"), httpx.ConnectError("no"), httpx.Response(500)]


@pytest.mark.parametrize("failure", FAILURES, ids=["refused", "busy", "lost", "unreachable", "500"])
async def test_nobody_sees_the_token_or_the_secret(
    platform: Platform, caplog: pytest.LogCaptureFixture, failure: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="httpx")
    platform.answers(ADD, failure, failure)
    payload = {"touser": "oOPENID_of_a_follower"}

    with pytest.raises(WeChatError) as caught:
        await platform.client().post_json(ADD, payload)

    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text
    assert "that_nobody_may_see" not in told
    assert APP_SECRET not in told
    assert payload["touser"] not in told


async def test_a_token_that_wechat_repeats_is_not_repeated_by_us(platform: Platform) -> None:
    platform.answers(ADD, {"errcode": 40035, "errmsg": f"bad query access_token={platform.token} rid: 1a-2b"})

    with pytest.raises(WeChatError, match="bad query access_token=…") as caught:
        await platform.client().post_json(ADD, {})
    assert platform.token not in str(caught.value) + repr(caught.value)


async def test_httpx_does_not_log_an_address_with_the_secret(
    platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="httpx")
    platform.answers("/cgi-bin/clear_quota/v2", {"errcode": 0})

    await platform.http.post(f"{BASE_URL}/cgi-bin/clear_quota/v2?appid={APP_ID}&appsecret={APP_SECRET}")

    assert APP_SECRET not in caplog.text


async def test_httpx_may_log_what_holds_no_secret(
    caplog: pytest.LogCaptureFixture, platform: Platform
) -> None:
    caplog.set_level(logging.INFO, logger="httpx")
    platform.answers(COUNT, {"total_count": 1})

    await platform.client().get_json(COUNT)

    assert [TOKEN_PATH in record.getMessage() for record in caplog.records] == [True]
