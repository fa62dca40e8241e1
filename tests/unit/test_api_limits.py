"""WeChat's limits: refused before anything is sent, with a reason in Chinese."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.unit.wechat_api import Platform, Time
from wechat_oa.api import (
    comment,
    draft,
    mass,
    material,
    menu,
    message,
    publish,
    qrcode,
    quota,
    statistics,
    tag,
    template,
    user,
)
from wechat_oa.api.article import Article, check_article, check_articles
from wechat_oa.api.client import WeChatClient
from wechat_oa.api.limits import LimitError

TODAY = date(2025, 11, 20)


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    platform = Platform(tmp_path, Time())
    yield platform
    platform.table.close()


def article(**fields: Any) -> Article:
    whole: Any = {"title": "标题", "content": "<p>正文</p>", "thumb_media_id": "T", **fields}
    return whole  # type: ignore[no-any-return]


def newspic(**fields: Any) -> Article:
    images = {"image_list": [{"image_media_id": "I"}]}
    return article(**{"article_type": "newspic", "content": "正文", "image_info": images, **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "字" * 32},
        {"author": "字" * 16},
        {"digest": "字" * 120},
        {"content": "字" * 19_999},
        {"content_source_url": "http://x/" + "a" * 1015},
        {"pic_crop_235_1": "0.1945_0_1_0.5236"},
        {
            "cover_info": {
                "crop_percent_list": [{"ratio": "16_9", "x1": "0", "y1": "0.1", "x2": "1", "y2": "0.999999"}]
            }
        },
    ],
)
def test_an_article_within_the_limits_passes_without_a_warning(fields: dict[str, Any]) -> None:
    assert check_article(article(**fields)) == []


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ({"title": "字" * 33}, "标题有 33 个字，超过了 32"),
        ({"title": "字" * 64}, "标题有 64 个字，超过了 32"),
        ({"digest": "字" * 121}, "摘要有 121 个字，超过了 120"),
        ({"digest": "字" * 128}, "摘要有 128 个字，超过了 120"),
        ({"content": '<p style="color:#333333">字</p>' * 700}, "正文连同标签有"),
    ],
)
def test_between_the_two_limits_of_the_documentation_there_is_a_warning(
    fields: dict[str, Any], warning: str
) -> None:
    (only,) = check_article(article(**fields))
    assert only.startswith(warning)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (article(title=" "), "标题不能为空"),
        (article(title="字" * 65), "标题最多 64 个字，现在有 65"),
        (article(author="字" * 17), "作者最多 16 个字"),
        (article(digest="字" * 129), "摘要最多 128 个字"),
        (article(content=""), "正文不能为空"),
        (article(content="字" * 20_000), "正文的文字最多 19999 个字"),
        (article(content="<p class='" + "a" * (1 << 20) + "'>"), "正文最多 1048575 个字节"),
        (article(content_source_url="http://x/" + "a" * 1016), "原文链接最多 1024 个字节"),
        (article(content_source_url="www.example.com"), "原文链接要以 http:// 或 https:// 开头"),
        (article(thumb_media_id=""), "要有封面 thumb_media_id"),
        (article(article_type="video"), "只能是 news 或 newspic"),
        (article(pic_crop_1_1="0_0_2_1"), "X1_Y1_X2_Y2"),
        (article(pic_crop_1_1="0.1234567_0_1_1"), "最多六位小数"),
        (article(cover_info={"crop_percent_list": [{"ratio": "4_3"}]}), "ratio 只能是"),
        (article(cover_info={"crop_percent_list": [{"ratio": "1_1", "x1": "-1"}]}), "都在 0 到 1 之间"),
        (newspic(image_info={"image_list": []}), "image_list 不能为空"),
        (newspic(image_info={"image_list": [{"image_media_id": "I"}] * 21}), "image_list 最多 20 个"),
        (newspic(image_info={"image_list": [{}]}), "要有 image_media_id"),
    ],
)
def test_an_article_past_the_limits_is_refused(given: Article, reason: str) -> None:
    with pytest.raises(LimitError, match=re.escape(reason)):
        check_article(given)


def test_a_newspic_needs_no_cover_of_its_own() -> None:
    assert check_article(newspic(thumb_media_id="")) == []


def test_of_several_articles_the_one_is_named() -> None:
    assert check_articles([article(), article(title="字" * 40)]) == [
        "第 2 篇标题有 40 个字，超过了 32：微信的文档说法不一，可能会拒收"
    ]
    with pytest.raises(LimitError, match="第 2 篇标题不能为空"):
        check_articles([article(), article(title="")])
    with pytest.raises(LimitError, match="文章最多 8 个"):
        check_articles([article()] * 9)
    with pytest.raises(LimitError, match="文章不能为空"):
        check_articles([])


async def test_the_warnings_come_back_with_the_draft(platform: Platform) -> None:
    platform.answers("/cgi-bin/draft/add", {"media_id": "M"})
    platform.answers("/cgi-bin/draft/update", {"errcode": 0})

    added = await draft.add(platform.client(), [article(title="字" * 33)])
    updated = await draft.update(platform.client(), "M", article(digest="字" * 121))

    assert added.media_id == "M"
    assert len(added.warnings) == len(updated) == 1


def button(**fields: Any) -> list[menu.Button]:
    whole: Any = [{"type": "click", "name": "帮助", "key": "K", **fields}]
    return whole  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "buttons",
    [
        button(name="字" * 5 + "a", key="k" * 128),
        button(type="view", url="http://x/" + "a" * 1015),
        button(type="miniprogram", url="u", appid="a", pagepath="p"),
        button(type="article_id", article_id="A"),
        [{"name": "更多", "sub_button": button(name="字" * 20) * 5}] * 3,
    ],
)
def test_a_menu_within_the_limits_passes(buttons: list[menu.Button]) -> None:
    menu.check_buttons(buttons)


@pytest.mark.parametrize(
    ("buttons", "reason"),
    [
        ([], "一级菜单不能为空"),
        (button() * 4, "一级菜单最多 3 个"),
        ([{"name": "更多", "sub_button": button() * 6}], "子菜单最多 5 个"),
        ([{"name": "一", "sub_button": [{"name": "二", "sub_button": button()}]}], "子菜单下面不能再有"),
        (button(name="字" * 6), "最多 16 个字节"),
        ([{"name": "更多", "sub_button": button(name="字" * 21)}], "最多 60 个字节"),
        (button(name=""), "不能为空"),
        (button(key="k" * 129), "key 最多 128 个字节"),
        (button(key=""), "缺少 key"),
        (button(type="view"), "缺少 url"),
        (button(type="view", url="u" * 1025), "链接最多 1024 个字节"),
        (button(type="miniprogram", url="u", appid="a"), "缺少 pagepath"),
        (button(type="dance"), "类型 type 只能是"),
    ],
)
def test_a_menu_past_the_limits_is_refused(buttons: list[menu.Button], reason: str) -> None:
    with pytest.raises(LimitError, match=re.escape(reason)):
        menu.check_buttons(buttons)


Do = Callable[[WeChatClient], Awaitable[Any]]

PAST: list[tuple[Do, str]] = [
    (lambda c: draft.batchget(c, count=21), "count 要在 1 到 20"),
    (lambda c: draft.batchget(c, count=0), "count 要在 1 到 20"),
    (lambda c: draft.batchget(c, offset=-1), "offset"),
    (lambda c: draft.update(c, "M", article(), index=-1), "index 从 0 开始"),
    (lambda c: publish.batchget(c, count=21), "count 要在 1 到 20"),
    (lambda c: publish.delete(c, "A", index=-1), "index 从 1 开始"),
    (lambda c: material.batchget(c, "image", count=21), "count 要在 1 到 20"),
    (lambda c: message.send_text(c, "O", "字" * 683), "消息最多 2048 个字节"),
    (lambda c: message.send_text(c, "O", ""), "消息不能为空"),
    (lambda c: message.send_msgmenu(c, "O", head_content="", choices={}), "至少要有一个选项"),
    (lambda c: menu.add_conditional(c, button(), {}), "匹配规则"),
    (lambda c: user.batch_info(c, ["O"] * 101), "openid 最多 100 个"),
    (lambda c: user.batch_info(c, []), "openid 不能为空"),
    (lambda c: user.update_remark(c, "O", "字" * 30), "备注名最多 29 个字"),
    (lambda c: user.block(c, ["O"] * 21), "openid 最多 20 个"),
    (lambda c: user.unblock(c, ["O"] * 21), "openid 最多 20 个"),
    (lambda c: tag.create(c, "字" * 11), "标签名最多 30 个字节"),
    (lambda c: tag.create(c, ""), "标签名不能为空"),
    (lambda c: tag.update(c, 100, "字" * 11), "标签名最多 30 个字节"),
    (lambda c: tag.tag_users(c, 100, ["O"] * 51), "openid 最多 50 个"),
    (lambda c: tag.untag_users(c, 100, []), "openid 不能为空"),
    (lambda c: qrcode.create_temporary(c, 0), "场景值要在 1 到 4294967295"),
    (lambda c: qrcode.create_temporary(c, "字" * 22), "场景值最多 64 个字节"),
    (lambda c: qrcode.create_temporary(c, 1, expire_seconds=2_592_001), "expire_seconds 要在 60 到 2592000"),
    (lambda c: qrcode.create_permanent(c, 100_001), "场景值要在 1 到 100000"),
    (lambda c: qrcode.shorten(c, "字" * 1366), "long_data 最多 4096 个字节"),
    (lambda c: qrcode.shorten(c, "x", expire_seconds=0), "expire_seconds 要在 1 到 2592000"),
    (lambda c: template.send(c, "O", "T", {}), "要有内容"),
    (lambda c: template.send(c, "O", "T", {"a": "b"}, client_msg_id="c" * 33), "client_msg_id 最多 32"),
    (lambda c: mass.send(c, ["O"], mass.voice("V")), "openid 至少要有 2 个"),
    (lambda c: mass.send(c, ["O"] * 10_001, mass.voice("V")), "openid 最多 10000 个"),
    (lambda c: mass.send_all(c, mass.voice("V"), clientmsgid="c" * 65), "clientmsgid 最多 64 个字节"),
    (lambda c: mass.preview(c, mass.voice("V")), "要有接收者"),
    (lambda c: mass.set_speed(c, 5), "speed 要在 0 到 4"),
    (lambda c: mass.delete(c, 1, article_idx=-1), "article_idx 从 1 开始"),
    (lambda c: comment.list_comments(c, 1, count=50), "count 要在 1 到 49"),
    (lambda c: comment.open_comments(c, 1, index=-1), "index 从 0 开始"),
    (lambda c: comment.reply(c, 1, 1, " "), "回复不能为空"),
    (lambda c: quota.get(c, "https://api.weixin.qq.com/cgi-bin/draft/add"), "cgi_path 以 / 开头"),
    (lambda c: quota.get_request(c, ""), "rid 不能为空"),
    (
        lambda c: statistics.get(c, "getusersummary", date(2025, 11, 1), date(2025, 11, 8), today=TODAY),
        "最多查 7 天，现在是 8 天",
    ),
    (lambda c: statistics.get(c, "getusersummary", TODAY, today=TODAY), "只到昨天"),
    (
        lambda c: statistics.get(c, "getusersummary", date(2025, 11, 2), date(2025, 11, 1), today=TODAY),
        "不能晚于",
    ),
    (lambda c: statistics.get(c, "getarticletotal", TODAY, today=TODAY), "没有 getarticletotal"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("do", "reason"), PAST, ids=[reason for _, reason in PAST])
async def test_nothing_is_sent_that_is_past_a_limit(platform: Platform, do: Do, reason: str) -> None:
    with pytest.raises(LimitError, match=re.escape(reason)):
        await do(platform.client())
    assert platform.requests == []


@pytest.mark.parametrize("make", [lambda: mass.text("字" * 683), lambda: mass.images(["I"] * 21)])
def test_a_mass_message_past_a_limit_cannot_be_made(make: Callable[[], Any]) -> None:
    with pytest.raises(LimitError):
        make()
