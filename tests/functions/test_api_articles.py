"""Media, drafts and publications: the client on the local platform, from a picture to a published article."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from local.platform import follower
from tests.support.wechat import AMR, API, JPEG, MP4, PNG, WeChat, wechat
from wechat_oa.api import draft, material, media, message, publish
from wechat_oa.api.article import Article
from wechat_oa.api.client import WeChatClient
from wechat_oa.api.errors import WeChatError

MB = 1 << 20


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[WeChat]:
    async with wechat(tmp_path) as world:
        yield world


async def cover(world: WeChat) -> str:
    added = await material.add(world.client, "image", PNG, filename="c.png", content_type="image/png")
    return added.media_id


async def article(world: WeChat, **fields: Any) -> Article:
    whole: Any = {"title": "标题", "content": "<p>正文</p>", "thumb_media_id": await cover(world), **fields}
    return whole  # type: ignore[no-any-return]


async def errcode(call: Awaitable[Any]) -> int | None:
    with pytest.raises(WeChatError) as caught:
        await call
    return caught.value.errcode


# --- media


@pytest.mark.parametrize(
    ("media_type", "data", "name", "content_type"),
    [
        ("image", PNG, "a.png", "image/png"),
        ("image", JPEG, "a.jpg", "image/jpeg"),
        ("voice", AMR, "a.amr", "audio/amr"),
        ("thumb", JPEG, "a.jpg", "image/jpeg"),
    ],
)
async def test_a_temporary_file_can_be_fetched_for_three_days(
    world: WeChat, media_type: media.MediaType, data: bytes, name: str, content_type: str
) -> None:
    uploaded = await media.upload_temporary(
        world.client, media_type, data, filename=name, content_type=content_type
    )

    assert (uploaded.type, uploaded.created_at) == (media_type, int(world.clock()))
    world.clock.pass_by(media.KEPT_FOR - 1)
    got = await media.get_temporary(world.client, uploaded.media_id)
    assert (got.content, got.content_type) == (data, content_type)
    world.clock.pass_by(1)
    assert await errcode(media.get_temporary(world.client, uploaded.media_id)) == 40007


async def test_a_temporary_video_is_an_address(world: WeChat) -> None:
    uploaded = await media.upload_temporary(
        world.client, "video", MP4, filename="a.mp4", content_type="video/mp4"
    )

    got = await media.get_temporary(world.client, uploaded.media_id)

    assert got.data is not None
    assert (await world.http.get(got.data["video_url"])).content == MP4


@pytest.mark.parametrize(
    ("kind", "data", "name", "expected"),
    [
        ("carrier", PNG, "a.png", 40004),
        ("image", b"", "a.png", 44001),
        ("image", b"<svg/>", "a.png", 40005),
        ("image", b"RIFF\0\0\0\0WEBPVP8 ", "a.png", 40005),
        ("image", b"BM" + b"\0" * 9, "a.bmp", 40005),
        ("image", PNG, "a.exe", 40005),
        ("image", AMR, "a.amr", 40005),
        ("image", PNG, "图.png", 41005),
        ("image", PNG + b"\0" * 10 * MB, "a.png", 40009),
        ("voice", AMR + b"\0" * 2 * MB, "a.amr", 40010),
        ("voice", b"#!AMR\n" + (b"\x7c" + b"\0" * 31) * 3001, "a.amr", 45007),
        ("video", MP4 + b"\0" * 10 * MB, "a.mp4", 40011),
        ("thumb", JPEG + b"\0" * (64 << 10), "a.jpg", 40012),
        ("thumb", PNG, "a.png", 40005),
    ],
)
async def test_the_platform_judges_a_file_by_itself(
    world: WeChat, kind: str, data: bytes, name: str, expected: int
) -> None:
    token = world.platform.tokens.stable()[0]
    answer = await world.http.post(
        f"{API}/cgi-bin/media/upload",
        params={"type": kind, "access_token": token},
        files={"media": (name, data, "application/octet-stream")},
    )

    assert answer.json()["errcode"] == expected


async def test_an_upload_without_multipart_is_a_missing_file(world: WeChat) -> None:
    async def answered(**body: Any) -> Any:
        params = {"type": "image", "access_token": world.platform.tokens.stable()[0]}
        return (await world.http.post(f"{API}/cgi-bin/media/upload", params=params, **body)).json()["errcode"]

    broken = {"content-type": "multipart/form-data; boundary=b"}
    assert await answered(json={"media": "x"}) == 41005
    assert await answered(content=b"--b\r\nbroken\r\n\r\n", headers=broken) == 41005
    assert await answered(content=b"x", headers={"content-type": "multipart/form-data"}) == 41005
    assert await answered(content=b"\0" * (12 * MB), headers=broken) == 45001


async def test_a_picture_for_articles_is_where_the_answer_says(world: WeChat) -> None:
    image = await media.upload_article_image(world.client, PNG, filename="a.png", content_type="image/png")

    picture = await world.http.get(image.url)

    assert (picture.content, picture.headers["content-type"]) == (PNG, "image/png")
    assert "sandbox" in picture.headers["content-security-policy"]
    assert (await world.http.get(image.url + "x")).status_code == 404


async def test_uploads_are_answered_as_text_and_without_an_errcode(world: WeChat) -> None:
    token = world.platform.tokens.stable()[0]
    answer = await world.http.post(
        f"{API}/cgi-bin/media/uploadimg",
        params={"access_token": token},
        files={"media": ("a.png", PNG, "image/png")},
    )

    assert answer.headers["content-type"].startswith("text/plain")
    assert set(answer.json()) == {"url"}


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [(b"GIF89a", "a.gif", 40005), (PNG + b"\0" * MB, "a.png", 40009), (b"", "a.png", 44001)],
)
async def test_the_platform_judges_pictures_for_articles_too(
    world: WeChat, data: bytes, name: str, expected: int
) -> None:
    answer = await world.http.post(
        f"{API}/cgi-bin/media/uploadimg",
        params={"access_token": world.platform.tokens.stable()[0]},
        files={"media": (name, data, "image/png")},
    )

    assert answer.json()["errcode"] == expected


async def test_the_js_sdk_has_recorded_nothing_here(world: WeChat) -> None:
    assert await errcode(media.get_high_quality_voice(world.client, "M")) == 40007


# --- material


async def test_the_library_keeps_counts_lists_and_forgets(world: WeChat) -> None:
    client = world.client
    first = await material.add(client, "image", PNG, filename="一.png", content_type="image/png")
    second = await material.add(client, "image", JPEG, filename="two.jpg", content_type="image/jpeg")
    video = await material.add(
        client, "video", MP4, filename="v.mp4", content_type="video/mp4", title="题", introduction="述"
    )

    assert await material.count(client) == {
        "voice_count": 0,
        "video_count": 1,
        "image_count": 2,
        "news_count": 0,
    }
    page = await material.batchget(client, "image", offset=1, count=1)
    assert (page["total_count"], page["item_count"]) == (2, 1)
    assert page["item"][0]["media_id"] == first.media_id
    assert page["item"][0]["url"] == first.url
    assert (await world.http.get(second.url)).content == JPEG
    got = await material.get(client, first.media_id)
    assert (got.content, got.content_type) == (PNG, "image/png")
    shown = (await material.get(client, video.media_id)).data or {}
    assert (shown["title"], shown["description"]) == ("题", "述")
    assert (await world.http.get(shown["down_url"])).content == MP4

    world.clock.pass_by(400 * 24 * 3600)
    await material.delete(client, first.media_id)
    assert await errcode(material.get(client, first.media_id)) == 40007
    assert await errcode(material.delete(client, first.media_id)) == 40007
    assert (await material.count(client))["image_count"] == 1


async def test_articles_of_the_library_are_drafts_and_its_old_calls_are_retired(world: WeChat) -> None:
    added = await draft.add(world.client, [await article(world)])

    page = await material.batchget(world.client, "news")
    assert page["item"][0]["media_id"] == added.media_id
    news = (await material.get(world.client, added.media_id)).data or {}
    assert news["news_item"][0]["title"] == "标题"
    assert await errcode(world.client.post_json("/cgi-bin/material/add_news", {"articles": []})) == 45106
    assert await errcode(world.client.post_json("/cgi-bin/material/update_news", {})) == 45103


@pytest.mark.parametrize("description", ["", "{}", "[1]", '{"title": 5}', '{"title": ""}'])
async def test_a_video_without_a_proper_description_is_refused(world: WeChat, description: str) -> None:
    upload = world.client.upload(
        "/cgi-bin/material/add_material",
        {"type": "video"},
        field="media",
        filename="v.mp4",
        data=MP4,
        content_type="video/mp4",
        form={"description": description},
    )

    assert await errcode(upload) == 47001


# --- drafts


async def test_a_draft_is_made_read_changed_listed_and_deleted(world: WeChat) -> None:
    client, one = world.client, await article(world)
    two: Article = {**one, "title": "第二篇", "digest": "摘要", "author": "作者"}

    added = await draft.add(client, [one, two])
    got = await draft.get(client, added.media_id)
    assert [item["title"] for item in got["news_item"]] == ["标题", "第二篇"]
    assert [item["digest"] for item in got["news_item"]] == ["正文", "摘要"]
    assert got["news_item"][0]["article_type"] == "news"
    assert (await world.http.get(got["news_item"][0]["thumb_url"])).content == PNG
    preview = await world.http.get(got["news_item"][1]["url"])
    assert "第二篇" in preview.text

    world.clock.pass_by(10)
    await draft.update(client, added.media_id, {**one, "title": "改过"}, index=1)
    assert (await draft.get(client, added.media_id))["news_item"][1]["title"] == "改过"
    later = await draft.add(client, [one])
    await draft.update(client, later.media_id, one)
    page = await draft.batchget(client, count=1)
    assert (page["total_count"], page["item_count"]) == (2, 1)
    assert page["item"][0]["media_id"] == later.media_id
    assert "content" in page["item"][0]["content"]["news_item"][0]
    bare = await draft.batchget(client, offset=1, no_content=True)
    assert "content" not in bare["item"][0]["content"]["news_item"][0]
    assert await draft.count(client) == 2

    await draft.delete(client, added.media_id)
    assert await draft.count(client) == 1
    for call in (draft.get(client, added.media_id), draft.delete(client, added.media_id)):
        assert await errcode(call) == 40007
    assert await errcode(draft.update(client, later.media_id, one, index=1)) == 40114
    assert await draft.switch(client)
    assert await draft.switch(client, checkonly=False)


async def test_what_articles_may_not_hold_is_dropped(world: WeChat) -> None:
    own = await media.upload_article_image(world.client, PNG, filename="a.png", content_type="image/png")
    content = (
        f'<p onclick="steal()">one = 1</p><script>alert(1)</script><img src="{own.url}">'
        '<img src="http://mmbiz.qpic.cn/x"><img src="https://elsewhere.example/x.png">'
    )

    added = await draft.add(world.client, [await article(world, content=content)])

    kept = (await draft.get(world.client, added.media_id))["news_item"][0]["content"]
    assert kept == f'<p>one = 1</p><img src="{own.url}"><img src="http://mmbiz.qpic.cn/x">'


async def test_a_newspic_shows_its_pictures_and_text(world: WeChat) -> None:
    image = await cover(world)
    newspic: Article = {
        "article_type": "newspic",
        "title": "贴图",
        "content": "一行\n<二行",
        "image_info": {"image_list": [{"image_media_id": image}, {"image_media_id": image}]},
    }

    added = await draft.add(world.client, [newspic])

    (kept,) = (await draft.get(world.client, added.media_id))["news_item"]
    assert kept["thumb_media_id"] == image
    page = (await world.http.get(kept["url"])).text
    assert page.count("<img") == 2
    assert "&lt;二行" in page


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"title": ""}, 44003),
        ({"title": "字" * 65}, 45003),
        ({"author": "字" * 17}, 45110),
        ({"digest": "字" * 129}, 45004),
        ({"digest": 5}, 47001),
        ({"content": " "}, 44003),
        ({"content": "<!DOCTYPE html><html><body>x"}, 47001),
        ({"content": "字" * 20_000}, 45002),
        ({"content": "<p class='" + "a" * MB + "'>字"}, 45002),
        ({"content_source_url": "javascript:alert(1)"}, 41039),
        ({"content_source_url": "http://x/" + "a" * 1024}, 45005),
        ({"thumb_media_id": "nowhere"}, 40007),
        ({"thumb_media_id": None}, 40007),
        ({"need_open_comment": True}, 47001),
        ({"need_open_comment": 2}, 47001),
        ({"pic_crop_1_1": "half"}, 40035),
        ({"product_info": {"footer_product_info": {"product_key": "x"}}}, 53404),
        ({"article_type": "poem"}, 40035),
        ({"article_type": "newspic", "content": "<p>x</p>"}, 45166),
        ({"article_type": "newspic", "content": "x"}, 40035),
        ({"article_type": "newspic", "content": "x", "image_info": {"image_list": ["x"]}}, 40007),
    ],
)
async def test_the_platform_judges_articles_by_itself(
    world: WeChat, fields: dict[str, Any], expected: int
) -> None:
    given = {"articles": [{**await article(world), **fields}]}

    assert await errcode(world.client.post_json("/cgi-bin/draft/add", given)) == expected
    assert await draft.count(world.client) == 0


@pytest.mark.parametrize(
    ("payload", "expected"),
    [({}, 44003), ({"articles": {}}, 44003), ({"articles": ["x"]}, 44003), ({"articles": [{}] * 9}, 45008)],
)
async def test_articles_are_a_list_of_one_to_eight(world: WeChat, payload: Any, expected: int) -> None:
    assert await errcode(world.client.post_json("/cgi-bin/draft/add", payload)) == expected


async def test_a_temporary_picture_is_no_cover(world: WeChat) -> None:
    temporary = await media.upload_temporary(
        world.client, "image", PNG, filename="a.png", content_type="image/png"
    )

    refused = draft.add(world.client, [await article(world, thumb_media_id=temporary.media_id)])

    assert await errcode(refused) == 40007


async def test_an_unverified_account_has_drafts_and_material_but_no_comments(world: WeChat) -> None:
    world.platform.account_type = "unverified_subscription"

    added = await draft.add(world.client, [await article(world)])

    assert await draft.count(world.client) == 1
    commented = draft.add(world.client, [await article(world, need_open_comment=1)])
    assert await errcode(commented) == 88000
    assert await errcode(publish.submit(world.client, added.media_id)) == 48001


@pytest.mark.parametrize("payload", [{"count": 0}, {"count": 21}, {"offset": -1}, {"count": "many"}])
@pytest.mark.parametrize("path", ["draft/batchget", "freepublish/batchget"])
async def test_a_page_holds_one_to_twenty(world: WeChat, path: str, payload: dict[str, Any]) -> None:
    call = world.client.post_json(f"/cgi-bin/{path}", payload, idempotent=True)

    assert await errcode(call) in (40035, 47001)


# --- publishing


async def published(world: WeChat, count: int = 1) -> tuple[publish.PublishJob, publish.PublishStatus]:
    added = await draft.add(world.client, [await article(world, title=f"第 {n}") for n in range(count)])
    job = await publish.submit(world.client, added.media_id)
    await world.let_jobs_end()
    return job, await publish.get(world.client, job.publish_id)


async def test_a_publication_takes_a_while_ends_with_an_event_and_can_be_read(world: WeChat) -> None:
    added = await draft.add(world.client, [await article(world, content_source_url="http://x/?a=1&b=2")])

    job = await publish.submit(world.client, added.media_id)
    running = await publish.get(world.client, job.publish_id)
    assert (running["publish_status"], running["fail_idx"]) == (publish.PUBLISHING, [])
    await world.let_jobs_end()

    done = await publish.get(world.client, job.publish_id)
    assert publish.STATUS[done["publish_status"]] == "发布成功"
    (event,) = world.events
    assert event["Event"] == "PUBLISHJOBFINISH"
    told = event["PublishEventInfo"]
    assert (told["publish_id"], told["publish_status"]) == (job.publish_id, "0")
    assert told["article_id"] == done["article_id"]
    (item,) = done["article_detail"]["item"]
    page = await world.http.get(item["article_url"])
    assert "<h1" in page.text
    assert "标题" in page.text
    assert "http://x/?a=1&amp;b=2" in page.text
    assert page.headers["content-security-policy"].startswith("sandbox")
    assert await errcode(draft.get(world.client, added.media_id)) == 40007, "the draft is gone"


async def test_what_was_published_is_listed_and_read_through_the_api(world: WeChat) -> None:
    _, first = await published(world)
    world.clock.pass_by(5)
    _, second = await published(world)

    page = await publish.batchget(world.client, no_content=True)
    assert [item["article_id"] for item in page["item"]] == [second["article_id"], first["article_id"]]
    assert "content" not in page["item"][0]["content"]["news_item"][0]
    (item,) = (await publish.getarticle(world.client, first["article_id"]))["news_item"]
    assert item["content"] == "<p>正文</p>"
    assert item["url"] == first["article_detail"]["item"][0]["article_url"]
    await message_of(world, first["article_id"])


async def message_of(world: WeChat, article_id: str) -> None:
    """A published article can be sent to a follower who has just written."""
    openid = world.follower()
    world.platform.note_action(world.platform.followers[openid], follower.text("在吗"))
    await message.send_mpnewsarticle(world.client, openid, article_id)
    assert world.shown(openid)[-1]["content"]["articles"][0]["title"] == "第 0"


async def test_one_article_of_a_publication_is_deleted_and_then_all(world: WeChat) -> None:
    job, done = await published(world, 2)
    urls = [item["article_url"] for item in done["article_detail"]["item"]]

    await publish.delete(world.client, done["article_id"], index=1)
    assert [(await world.http.get(url)).status_code for url in urls] == [404, 200]
    left = await publish.get(world.client, job.publish_id)
    assert [item["idx"] for item in left["article_detail"]["item"]] == [2]
    assert await errcode(publish.delete(world.client, done["article_id"], index=3)) == 40060

    await publish.delete(world.client, done["article_id"])
    assert (await publish.get(world.client, job.publish_id))["publish_status"] == 5
    assert await errcode(publish.getarticle(world.client, done["article_id"])) == 53600
    assert (await publish.batchget(world.client))["total_count"] == 0


@pytest.mark.parametrize("status", [2, 3, 4])
async def test_a_publication_that_fails_says_so_and_leaves_the_draft(world: WeChat, status: int) -> None:
    world.platform.publish_status = status

    _, done = await published(world, 2)

    assert (done["publish_status"], done["fail_idx"]) == (status, [1, 2])
    told = world.events[0]["PublishEventInfo"]
    assert (told["publish_status"], told["fail_idx"]) == (str(status), ["1", "2"])
    assert await draft.count(world.client) == 1


Do = Callable[[WeChatClient], Awaitable[Any]]


@pytest.mark.parametrize(
    ("do", "expected"),
    [
        (lambda c: publish.submit(c, "nowhere"), 40007),
        (lambda c: publish.get(c, "1"), 53502),
        (lambda c: publish.get(c, "x"), 53502),
        (lambda c: publish.delete(c, "nowhere"), 53600),
        (lambda c: publish.getarticle(c, ""), 53600),
        (lambda c: draft.get(c, ""), 41006),
        (lambda c: material.get(c, ""), 41006),
        (lambda c: media.get_temporary(c, ""), 41006),
    ],
)
async def test_what_is_not_there_is_refused(world: WeChat, do: Do, expected: int) -> None:
    assert await errcode(do(world.client)) == expected


async def test_a_reader_is_counted_once_a_day_and_no_script_of_an_article_runs(world: WeChat) -> None:
    _, done = await published(world)
    url = done["article_detail"]["item"][0]["article_url"]
    for _ in range(3):
        assert (await world.http.get(url)).status_code == 200

    article_page = world.platform.publications.by_sn(re.sub(".*/", "", url))

    assert article_page is not None
    (readers,) = article_page.readers.values()
    assert list(readers.values()) == [3]
    assert "script-src" not in (await world.http.get(url)).headers["content-security-policy"]
    assert (await world.http.get(f"{API}/s/preview?media_id=nowhere")).status_code == 404
