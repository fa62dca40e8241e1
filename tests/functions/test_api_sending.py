"""What reaches followers: customer-service, template and mass messages, comments; on the local platform."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from local.platform import follower
from tests.support.wechat import AMR, JPEG, MP4, PNG, WeChat, wechat
from wechat_oa.api import comment, draft, mass, material, media, message, template
from wechat_oa.api.article import Article
from wechat_oa.api.client import WeChatClient
from wechat_oa.api.errors import WeChatError

Do = Callable[[WeChatClient], Awaitable[Any]]
DAY = 24 * 3600


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[WeChat]:
    async with wechat(tmp_path) as world:
        yield world


async def errcode(call: Awaitable[Any]) -> int | None:
    with pytest.raises(WeChatError) as caught:
        await call
    return caught.value.errcode


def who_wrote(world: WeChat, name: str = "小林") -> str:
    openid = world.follower(name)
    world.platform.note_action(world.platform.followers[openid], follower.text("在吗"))
    return openid


async def new_draft(world: WeChat, count: int = 1, **fields: Any) -> str:
    cover = await material.add(world.client, "image", PNG, filename="c.png", content_type="image/png")
    one: Any = {"title": "标题", "content": "<p>正文</p>", "thumb_media_id": cover.media_id, **fields}
    articles: list[Article] = [one] * count
    return (await draft.add(world.client, articles)).media_id


# --- customer service


async def test_every_kind_of_message_reaches_the_phone(world: WeChat) -> None:
    client = world.client
    image = await media.upload_temporary(client, "image", PNG, filename="a.png", content_type="image/png")
    voice = await media.upload_temporary(client, "voice", AMR, filename="a.amr", content_type="audio/amr")
    video = await material.add(client, "video", MP4, filename="v.mp4", content_type="video/mp4", title="题")
    thumb = await media.upload_temporary(client, "thumb", JPEG, filename="t.jpg", content_type="image/jpeg")
    news = await new_draft(world)

    sent: list[tuple[Do, str]] = [
        (lambda c: message.send_text(c, openid, "你好", "kf1@gh"), "text"),
        (lambda c: message.send_image(c, openid, image.media_id), "image"),
        (lambda c: message.send_voice(c, openid, voice.media_id), "voice"),
        (lambda c: message.send_video(c, openid, video.media_id, title="题"), "video"),
        (
            lambda c: message.send_music(
                c, openid, musicurl="http://m", thumb_media_id=thumb.media_id, title="歌"
            ),
            "music",
        ),
        (lambda c: message.send_news(c, openid, title="题", url="http://u"), "news"),
        (lambda c: message.send_mpnews(c, openid, news), "news"),
        (lambda c: message.send_msgmenu(c, openid, head_content="？", choices={"1": "好"}), "msgmenu"),
        (lambda c: message.send_wxcard(c, openid, "C"), "text"),
        (
            lambda c: message.send_miniprogrampage(
                c, openid, title="题", appid="wx1", pagepath="p", thumb_media_id=thumb.media_id
            ),
            "text",
        ),
        (
            lambda c: message.send_link(
                c, openid, title="题", description="述", url="http://u", thumb_url="http://t"
            ),
            "link",
        ),
    ]
    for do, kind in sent:
        openid = who_wrote(world)
        await do(client)
        assert world.shown(openid)[-1]["type"] == kind
    picture = await world.http.get(f"http://localhost:3004/simulator/media/{image.media_id}")
    assert picture.content == PNG


@pytest.mark.parametrize(
    "do",
    [
        lambda c, o: message.send_image(c, o, "nowhere"),
        lambda c, o: message.send_mpnews(c, o, "nowhere"),
        lambda c, o: message.send_music(c, o, musicurl="http://m", thumb_media_id="nowhere"),
        lambda c, o: message.send_miniprogrampage(
            c, o, title="题", appid="a", pagepath="p", thumb_media_id="nowhere"
        ),
    ],
)
async def test_a_message_that_is_refused_uses_nothing_up(world: WeChat, do: Any) -> None:
    openid = who_wrote(world)

    assert await errcode(do(world.client, openid)) == 40007

    for _ in range(5):
        await message.send_text(world.client, openid, "好")
    assert await errcode(message.send_text(world.client, openid, "好")) == 45047


@pytest.mark.parametrize(
    ("do", "expected"),
    [
        (lambda c, o: message.send_mpnewsarticle(c, o, "nowhere"), 53600),
        (lambda c, o: message.send_wxcard(c, o, ""), 47001),
        (lambda c, o: message.send_link(c, o, title="", description="", url="", thumb_url=""), 47001),
        (
            lambda c, o: message.send_miniprogrampage(
                c, o, title="题", appid="", pagepath="p", thumb_media_id="T"
            ),
            47001,
        ),
        (lambda c, o: message.send_text(c, "nobody", "好"), 40003),
        (lambda c, o: message.typing(c, "nobody"), 40003),
    ],
)
async def test_what_cannot_be_sent(world: WeChat, do: Any, expected: int) -> None:
    assert await errcode(do(world.client, who_wrote(world))) == expected


async def test_typing_shows_on_the_phone(world: WeChat) -> None:
    openid = who_wrote(world)
    await message.typing(world.client, openid)
    assert world.platform.followers[openid].typing_until == world.clock() + 15
    assert await errcode(message.typing(world.client, openid)) == 45081
    await message.typing(world.client, openid, on=False)
    assert world.platform.followers[openid].typing_until == 0


# --- templates


async def test_a_notice_reaches_the_phone_and_its_end_is_told(world: WeChat) -> None:
    client, openid = world.client, world.follower()
    template_id = await template.add(client, "OPENTM207422813")
    (listed,) = await template.get_all(client)
    assert (listed["template_id"], listed["title"]) == (template_id, "订单支付成功通知")

    msgid = await template.send(client, openid, template_id, {"keyword1": "A1", "keyword2": "12 元"})
    await world.let_jobs_end()

    assert world.shown(openid)[-1]["content"] == {
        "content": "【订单支付成功通知】\n订单编号:A1\n支付金额:12 元"
    }
    (event,) = world.events
    assert (event["Event"], event["MsgID"], event["Status"]) == (
        "TEMPLATESENDJOBFINISH",
        str(msgid),
        "success",
    )

    assert await errcode(template.send(client, openid, template_id, {"keyword1": "A1"})) == 47003
    assert await errcode(template.send(client, "nobody", template_id, {"a": "b"})) == 40003
    world.platform.note_action(world.platform.followers[openid], follower.unsubscribe())
    assert await errcode(template.send(client, openid, template_id, {"a": "b"})) == 43004
    await template.delete(client, template_id)
    assert await errcode(template.delete(client, template_id)) == 40037
    assert await errcode(template.add(client, "nowhere")) == 40037


async def test_the_industries_are_set_once_a_month(world: WeChat) -> None:
    before = await template.get_industry(world.client)
    assert before["primary_industry"]["second_class"] == ""
    await template.set_industry(world.client, 1, 4)
    assert (await template.get_industry(world.client))["secondary_industry"]["second_class"] == "4"
    assert await errcode(template.set_industry(world.client, 1, 5)) == 43100
    world.clock.pass_by(40 * DAY)
    await template.set_industry(world.client, 1, 5)
    assert await errcode(template.set_industry(world.client, 1, 99)) == 40102


async def test_there_are_twenty_five_templates(world: WeChat) -> None:
    for _ in range(25):
        await template.add(world.client, "43210")
    assert await errcode(template.add(world.client, "43210")) == 45026


# --- mass messages


async def test_a_mass_message_takes_a_while_and_reaches_everybody(world: WeChat) -> None:
    client, first, second = world.client, world.follower("一"), world.follower("二")
    media_id = await new_draft(world, 2)

    job = await mass.send_all(client, mass.mpnews(media_id))
    assert await mass.status(client, job.msg_id) == "SENDING"
    assert world.shown(first) == []
    await world.let_jobs_end()

    assert mass.STATUS[await mass.status(client, job.msg_id)] == "发送成功"
    articles = world.shown(second)[-1]["content"]["articles"]
    assert [one["title"] for one in articles] == ["标题", "标题"]
    assert (await world.http.get(articles[0]["url"])).status_code == 200
    (event,) = world.events
    assert (event["Event"], event["MsgID"]) == ("MASSSENDJOBFINISH", str(job.msg_id))
    assert (event["TotalCount"], event["SentCount"], event["ErrorCount"]) == ("2", "2", "0")
    assert len(event["ArticleUrlResult"]["ResultList"]["item"]) == 2
    assert await errcode(draft.get(client, media_id)) == 40007, "the draft is gone"

    await mass.delete(client, job.msg_id, article_idx=1)
    assert (await world.http.get(articles[0]["url"])).status_code == 404
    await mass.delete(client, job.msg_id)
    assert await mass.status(client, job.msg_id) == "DELETE"


async def test_a_service_account_reaches_each_follower_four_times_a_month(world: WeChat) -> None:
    client, first = world.client, world.follower("一")
    for number in range(4):
        await mass.send_all(client, mass.text(f"第 {number}"))
        await world.let_jobs_end()
    assert len(world.shown(first)) == 4

    assert await errcode(mass.send_all(client, mass.text("第五"))) == 45028
    newcomer = world.follower("二")
    await mass.send_all(client, mass.text("第六"))
    await world.let_jobs_end()
    assert (len(world.shown(first)), len(world.shown(newcomer))) == (4, 1)
    assert (world.events[-1]["SentCount"], world.events[-1]["ErrorCount"]) == ("1", "1")
    world.clock.pass_by(31 * DAY)
    await mass.send_all(client, mass.text("下个月"))


async def test_a_subscription_account_sends_once_a_day(world: WeChat) -> None:
    world.platform.account_type = "verified_subscription"
    openids = [world.follower("一"), world.follower("二")]
    await mass.send(world.client, openids, mass.text("早"))
    assert await errcode(mass.send_all(world.client, mass.text("晚"))) == 45028
    world.clock.pass_by(DAY)
    await mass.send_all(world.client, mass.text("早"))


async def test_the_same_clientmsgid_is_sent_once_in_a_day(world: WeChat) -> None:
    world.follower()
    job = await mass.send_all(world.client, mass.text("早"), clientmsgid="morning")
    await world.let_jobs_end()

    again = mass.send_all(world.client, mass.text("早"), clientmsgid="morning")
    assert await errcode(again) == 45065
    world.clock.pass_by(DAY)
    assert (await mass.send_all(world.client, mass.text("早"), clientmsgid="morning")).msg_id != job.msg_id


async def test_only_those_with_the_tag_get_it(world: WeChat) -> None:
    first, second = world.follower("一"), world.follower("二")
    world.platform.followers[first].tags.append(2)

    await mass.send_all(world.client, mass.text("会员"), tag_id=2)
    await world.let_jobs_end()

    assert (len(world.shown(first)), len(world.shown(second))) == (1, 0)
    assert await errcode(mass.send_all(world.client, mass.text("x"), tag_id=999)) == 45159


async def test_a_preview_goes_to_one_by_openid_or_name_a_hundred_times_a_day(world: WeChat) -> None:
    client, openid = world.client, world.follower("一")
    picture = await material.add(client, "image", PNG, filename="a.png", content_type="image/png")
    voice = await material.add(client, "voice", AMR, filename="a.amr", content_type="audio/amr")
    video = await material.add(client, "video", MP4, filename="v.mp4", content_type="video/mp4", title="题")
    made = [
        mass.mpnews(await new_draft(world)),
        mass.images([picture.media_id] * 2),
        mass.voice(voice.media_id),
        mass.mpvideo(video.media_id),
        mass.wxcard("C"),
    ]
    for one in made:
        assert await mass.preview(client, one, openid=openid)
    kinds = [bubble["type"] for bubble in world.shown(openid)]
    assert kinds == ["news", "image", "image", "voice", "video", "text"]
    await mass.preview(client, mass.text("名字"), towxname="一")
    assert world.shown(openid)[-1]["content"] == {"content": "名字"}
    for _ in range(94):
        await mass.preview(client, mass.text("再来"), openid=openid)
    assert await errcode(mass.preview(client, mass.text("再来"), openid=openid)) == 45009


@pytest.mark.parametrize(
    ("do", "expected"),
    [
        (lambda c: mass.send_all(c, mass.mpnews("nowhere")), 40007),
        (lambda c: mass.send_all(c, mass.voice("nowhere")), 40007),
        (lambda c: mass.send_all(c, mass.images(["nowhere"])), 40007),
        (lambda c: mass.send_all(c, mass.MassMessage("text", {"text": {"content": ""}})), 44004),
        (lambda c: mass.send_all(c, mass.MassMessage("text", {"text": "x"})), 47001),
        (lambda c: mass.send_all(c, mass.MassMessage("pigeon", {})), 40008),
        (lambda c: mass.send_all(c, mass.wxcard("")), 47001),
        (lambda c: mass.send(c, ["nobody", "nobody"], mass.text("x")), 40003),
        (lambda c: mass.preview(c, mass.text("x"), openid="nobody"), 40003),
        (lambda c: mass.status(c, 1), 40035),
        (lambda c: mass.delete(c, 1), 40035),
        (lambda c: c.post_json("/cgi-bin/message/mass/sendall", {}), 47001),
        (lambda c: c.post_json("/cgi-bin/message/mass/speed/set", {}), 45084),
        (lambda c: c.post_json("/cgi-bin/message/mass/speed/set", {"speed": 5}), 45083),
        (lambda c: c.post_json("/cgi-bin/message/mass/send", {"touser": ["x"]}), 40003),
    ],
)
async def test_what_cannot_be_sent_to_many(world: WeChat, do: Do, expected: int) -> None:
    assert await errcode(do(world.client)) == expected


async def test_the_speed_can_be_set(world: WeChat) -> None:
    assert await mass.get_speed(world.client) == mass.Speed(0, 80)
    await mass.set_speed(world.client, 3)
    assert await mass.get_speed(world.client) == mass.Speed(3, 30)


# --- comments


async def sent_article(world: WeChat, **fields: Any) -> int:
    world.follower("读者")
    job = await mass.send_all(world.client, mass.mpnews(await new_draft(world, **fields)))
    await world.let_jobs_end()
    return job.msg_data_id


async def write(world: WeChat, msg_data_id: int, words: str) -> int:
    answer = await world.http.post(
        "http://localhost:3004/simulator/api/comments",
        json={"follower": "读者", "msg_data_id": msg_data_id, "index": 0, "content": words},
    )
    assert answer.status_code == 200, answer.text
    number: int = answer.json()["user_comment_id"]
    return number


async def test_comments_are_listed_selected_answered_and_deleted(world: WeChat) -> None:
    client, article = world.client, await sent_article(world, need_open_comment=1)
    first, second = await write(world, article, "好文"), await write(world, article, "沙发")

    await comment.mark_elect(client, article, first)
    await comment.reply(client, article, first, "谢谢")
    everything = await comment.list_comments(client, article)
    assert everything["total"] == 2
    assert everything["comment"][0]["reply"] == {"content": "谢谢", "create_time": int(world.clock())}
    assert everything["comment"][0]["openid"] == world.follower("读者")
    selected = await comment.list_comments(client, article, kind=comment.SELECTED)
    assert [one["user_comment_id"] for one in selected["comment"]] == [first]
    ordinary = await comment.list_comments(client, article, kind=comment.ORDINARY, begin=0, count=1)
    assert [one["user_comment_id"] for one in ordinary["comment"]] == [second]
    assert await errcode(comment.reply(client, article, first, "再谢")) == 88005

    await comment.unmark_elect(client, article, first)
    await comment.delete_reply(client, article, first)
    assert await errcode(comment.delete_reply(client, article, first)) == 88009
    await comment.delete(client, article, first)
    for call in (comment.delete(client, article, first), comment.mark_elect(client, article, first)):
        assert await errcode(call) == 88008
    assert await errcode(comment.reply(client, article, second, "长" * 601)) == 88007
    assert (await comment.list_comments(client, article))["total"] == 1


async def test_comments_are_opened_and_closed(world: WeChat) -> None:
    client, article = world.client, await sent_article(world)
    body = {"follower": "读者", "msg_data_id": article, "content": "好文"}
    url = "http://localhost:3004/simulator/api/comments"
    assert (await world.http.post(url, json=body)).status_code == 400
    await comment.open_comments(client, article)
    assert (await world.http.post(url, json=body)).status_code == 200
    await comment.close_comments(client, article)
    assert "没有开放留言" in (await world.http.post(url, json=body)).json()["error"]
    await comment.open_comments(client, article)
    assert (await world.http.post(url, json={**body, "content": ""})).status_code == 400


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"msg_data_id": 1}, 88001),
        ({"msg_data_id": "x"}, 88001),
        ({"index": 1}, 88001),
        ({"count": 50}, 88010),
        ({"count": 0}, 88010),
        ({"begin": -1}, 88010),
        ({"type": 3}, 40035),
    ],
)
async def test_the_platform_judges_lists_of_comments(
    world: WeChat, more: dict[str, Any], expected: int
) -> None:
    asked = {"msg_data_id": await sent_article(world), "index": 0, "begin": 0, "count": 10, "type": 0}

    assert await errcode(world.client.post_json("/cgi-bin/comment/list", asked | more)) == expected
