"""Followers, tags, menus and QR codes: the client on the local platform."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from local.platform import follower
from local.platform.compose import compose
from local.platform.phone import send
from tests.support.wechat import WeChat, wechat
from wechat_oa.api import menu, qrcode, tag, user
from wechat_oa.api.client import WeChatClient
from wechat_oa.api.errors import WeChatError

Do = Callable[[WeChatClient], Awaitable[Any]]
BUTTONS: list[menu.Button] = [
    {"type": "click", "name": "帮助", "key": "HELP"},
    {"name": "更多", "sub_button": [{"type": "view", "name": "官网", "url": "https://example.com/"}]},
]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[WeChat]:
    async with wechat(tmp_path) as world:
        yield world


async def errcode(call: Awaitable[Any]) -> int | None:
    with pytest.raises(WeChatError) as caught:
        await call
    return caught.value.errcode


def leave(world: WeChat, openid: str) -> None:
    world.platform.note_action(world.platform.followers[openid], follower.unsubscribe())


# --- followers


async def test_the_simulators_followers_are_the_accounts(world: WeChat) -> None:
    first, second, third = (world.follower(name) for name in ("一", "二", "三"))
    leave(world, second)

    page = await user.get(world.client)
    assert page == {"total": 2, "count": 2, "openids": [first, third], "next_openid": third}
    rest = await user.get(world.client, next_openid=first)
    assert (rest["openids"], rest["total"]) == ([third], 2)
    end = await user.get(world.client, next_openid=third)
    assert (end["openids"], end["next_openid"]) == ([], "")
    assert await errcode(user.get(world.client, next_openid="nobody")) == 40003


async def test_what_is_told_about_a_follower(world: WeChat) -> None:
    openid, gone = world.follower(), world.follower("二")
    leave(world, gone)

    await user.update_remark(world.client, openid, "老王")
    about = await user.info(world.client, openid, lang="en")
    assert (about["subscribe"], about["remark"], about["language"]) == (1, "老王", "en")
    assert about["subscribe_time"] == int(world.clock())
    assert about["tagid_list"] == []
    assert await user.batch_info(world.client, [openid, gone]) == [
        {**about, "language": "zh_CN"},
        {"subscribe": 0, "openid": gone},
    ]
    for call in (user.info(world.client, "nobody"), user.batch_info(world.client, ["nobody"])):
        assert await errcode(call) == 40003
    assert await errcode(user.update_remark(world.client, "nobody", "x")) == 40003


async def test_who_comes_back_by_a_code_is_a_stranger_with_its_scene(world: WeChat) -> None:
    openid = world.follower()
    await user.update_remark(world.client, openid, "老王")
    leave(world, openid)
    world.clock.pass_by(60)
    world.platform.note_action(world.platform.followers[openid], follower.subscribe("展会"))

    about = await user.info(world.client, openid)

    assert about["remark"] == ""
    assert about["subscribe_scene"] == "ADD_SCENE_QR_CODE"
    assert (about["qr_scene"], about["qr_scene_str"]) == (0, "展会")
    assert about["subscribe_time"] == int(world.clock())


async def test_whoever_is_blocked_is_not_heard(world: WeChat) -> None:
    openid = world.follower()
    person = world.platform.followers[openid]
    await user.block(world.client, [openid])
    assert (await user.get_blacklist(world.client))["openids"] == [openid]
    assert (await user.get_blacklist(world.client, begin_openid=openid))["openids"] == []

    send(world.platform, person, compose(world.platform, person, "text", {"content": "在吗"}))
    await world.let_jobs_end()
    assert world.events == []
    assert world.shown(openid)[-1]["content"] == {"content": "在吗"}

    await user.unblock(world.client, [openid])
    send(world.platform, person, compose(world.platform, person, "text", {"content": "在吗"}))
    await world.let_jobs_end()
    assert world.events[0]["Content"] == "在吗"
    assert (await user.get_blacklist(world.client))["total"] == 0
    assert await errcode(user.block(world.client, ["nobody"])) == 40003


# --- tags


async def test_a_tag_is_made_given_taken_renamed_and_deleted(world: WeChat) -> None:
    client, first, second = world.client, world.follower("一"), world.follower("二")

    made = await tag.create(client, "广东")
    await tag.tag_users(client, made["id"], [first, second])
    await tag.tag_users(client, made["id"], [first])
    assert await tag.get(client) == [
        {"id": 2, "name": "星标组", "count": 0},
        {"id": made["id"], "name": "广东", "count": 2},
    ]
    members = await tag.members(client, made["id"])
    assert (members["openids"], members["next_openid"]) == ([first, second], second)
    assert (await tag.members(client, made["id"], next_openid=second))["openids"] == []
    assert await tag.of_user(client, first) == [made["id"]]
    await tag.untag_users(client, made["id"], [first])
    assert await tag.of_user(client, first) == []
    await tag.update(client, made["id"], "广西")
    await tag.delete(client, made["id"])
    assert [one["name"] for one in await tag.get(client)] == ["星标组"]
    assert await tag.of_user(client, second) == []


@pytest.mark.parametrize(
    ("do", "expected"),
    [
        (lambda c: tag.create(c, "星标组"), 45157),
        (lambda c: c.post_json("/cgi-bin/tags/create", {"tag": {"name": ""}}), 45157),
        (lambda c: c.post_json("/cgi-bin/tags/create", {"tag": {"name": "字" * 11}}), 45158),
        (lambda c: c.post_json("/cgi-bin/tags/create", {"tag": "x"}), 47001),
        (lambda c: tag.update(c, 2, "x"), 45058),
        (lambda c: tag.delete(c, 0), 45058),
        (lambda c: tag.delete(c, 999), 45159),
        (lambda c: tag.members(c, 999), 45159),
        (lambda c: tag.tag_users(c, 999, ["x"]), 45159),
        (lambda c: tag.tag_users(c, 2, ["nobody"]), 40003),
        (lambda c: tag.of_user(c, "nobody"), 40003),
        (lambda c: c.post_json("/cgi-bin/tags/members/batchtagging", {"tagid": 2}), 40031),
        (
            lambda c: c.post_json(
                "/cgi-bin/tags/members/batchtagging", {"tagid": 2, "openid_list": ["x"] * 51}
            ),
            40032,
        ),
    ],
)
async def test_what_tags_may_not_be(world: WeChat, do: Do, expected: int) -> None:
    assert await errcode(do(world.client)) == expected


async def test_there_are_a_hundred_tags_and_twenty_of_one_follower(world: WeChat) -> None:
    openid = world.follower()
    made = [await tag.create(world.client, f"标签{number}") for number in range(99)]
    assert await errcode(tag.create(world.client, "再来一个")) == 45056

    for one in made[:20]:
        await tag.tag_users(world.client, one["id"], [openid])
    assert await errcode(tag.tag_users(world.client, made[20]["id"], [openid])) == 45059


# --- menus


async def test_the_menu_is_made_read_and_deleted_and_the_phones_show_it(world: WeChat) -> None:
    client = world.client
    await menu.create(client, BUTTONS)

    assert await menu.get(client) == {"menu": {"button": BUTTONS}}
    now = await menu.current(client)
    assert now["is_menu_open"] == 1
    assert now["selfmenu_info"]["button"][1]["sub_button"] == {"list": BUTTONS[1]["sub_button"]}
    assert shown_menu(world) == {"button": BUTTONS}

    await menu.delete(client)
    assert await errcode(menu.get(client)) == 46003
    assert (await menu.current(client))["is_menu_open"] == 0
    assert shown_menu(world) == {"button": []}


def shown_menu(world: WeChat) -> Any:
    entries = world.platform.feed.changes("", 0)["entries"]
    return next(entry["data"]["menu"] for entry in entries if entry["kind"] == "settings")


async def test_a_conditional_menu_is_for_those_with_the_tag(world: WeChat) -> None:
    client, openid, other = world.client, world.follower("一"), world.follower("二")
    made = await tag.create(client, "会员")
    await tag.tag_users(client, made["id"], [openid])
    special: list[menu.Button] = [{"type": "click", "name": "会员", "key": "VIP"}]
    await menu.create(client, BUTTONS)

    menuid = await menu.add_conditional(client, special, {"tag_id": str(made["id"])})
    assert await menu.try_match(client, openid) == special
    assert await menu.try_match(client, other) == BUTTONS
    (listed,) = (await menu.get(client))["conditionalmenu"]
    assert (str(listed["menuid"]), listed["button"]) == (menuid, special)

    await menu.delete_conditional(client, menuid)
    assert await menu.try_match(client, openid) == BUTTONS
    assert await errcode(menu.delete_conditional(client, menuid)) == 65301
    await menu.delete(client)
    assert await errcode(menu.add_conditional(client, special, {"tag_id": "2"})) == 65303
    assert await errcode(menu.try_match(client, openid)) == 46003
    assert await errcode(menu.try_match(client, "nobody")) == 40003


@pytest.mark.parametrize(
    ("buttons", "expected"),
    [
        ([], 40016),
        (BUTTONS * 2, 40016),
        (["x"], 47001),
        ([{"name": "字" * 6, "type": "click", "key": "K"}], 40018),
        ([{"name": "", "type": "click", "key": "K"}], 40018),
        ([{"name": "x", "type": "dance"}], 40017),
        ([{"name": "x", "type": "click", "key": "k" * 129}], 40019),
        ([{"name": "x", "type": "click"}], 40019),
        ([{"name": "x", "type": "view", "url": "u" * 1025}], 40020),
        ([{"name": "x", "type": "media_id"}], 40035),
        ([{"name": "x", "sub_button": BUTTONS * 3}], 40023),
        ([{"name": "x", "sub_button": [{"name": "字" * 21, "type": "click", "key": "K"}]}], 40025),
        ([{"name": "x", "sub_button": [{"name": "y"}]}], 40024),
    ],
)
async def test_the_platform_judges_menus_by_itself(world: WeChat, buttons: Any, expected: int) -> None:
    call = world.client.post_json("/cgi-bin/menu/create", {"button": buttons})
    assert await errcode(call) == expected
    rule = world.client.post_json("/cgi-bin/menu/addconditional", {"button": BUTTONS, "matchrule": {}})
    assert await errcode(rule) == 65304


# --- QR codes and short keys


async def test_a_follower_comes_with_the_ticket_of_the_code(world: WeChat) -> None:
    code = await qrcode.create_temporary(world.client, "展会", expire_seconds=1800)
    assert code.expire_seconds == 1800
    openid = world.follower()
    person = world.platform.followers[openid]

    send(world.platform, person, compose(world.platform, person, "scan", {"scene": "展会"}))
    await world.let_jobs_end()

    (event,) = world.events
    assert (event["Event"], event["EventKey"], event["Ticket"]) == ("SCAN", "展会", code.ticket)


async def test_a_permanent_code_has_no_end(world: WeChat) -> None:
    assert (await qrcode.create_permanent(world.client, 7)).expire_seconds == 0
    assert (await qrcode.create_permanent(world.client, "门店")).url
    assert (await qrcode.create_temporary(world.client, 2**32 - 1)).expire_seconds == qrcode.MAX_SECONDS


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"action_name": "QR_DANCE"},
        {"action_name": "QR_SCENE"},
        {"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 0}}},
        {"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": "x"}}},
        {"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 100_001}}},
        {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "字" * 22}}},
    ],
)
async def test_a_code_needs_a_scene(world: WeChat, payload: Any) -> None:
    assert await errcode(world.client.post_json("/cgi-bin/qrcode/create", payload)) == 40053


async def test_a_short_key_stands_for_its_value_until_its_end(world: WeChat) -> None:
    key = await qrcode.shorten(world.client, "很长的话", expire_seconds=100)
    assert (len(key), key.isalnum()) == (15, True)

    world.clock.pass_by(40)
    assert await qrcode.fetch_shortened(world.client, key) == {
        "errcode": 0,
        "errmsg": "ok",
        "long_data": "很长的话",
        "create_time": int(world.clock()) - 40,
        "expire_seconds": 60,
    }
    world.clock.pass_by(60)
    assert await errcode(qrcode.fetch_shortened(world.client, key)) == 9410012
    assert await errcode(world.client.post_json("/cgi-bin/shorten/gen", {})) == 47003
    long = {"long_data": "x" * 4097}
    assert await errcode(world.client.post_json("/cgi-bin/shorten/gen", long)) == 9410010
    never = {"long_data": "x", "expire_seconds": 2_592_001}
    assert await errcode(world.client.post_json("/cgi-bin/shorten/gen", never)) == 9410011
