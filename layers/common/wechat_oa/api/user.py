"""Followers (用户): who they are, what the account notes about them, and whom it does not want to hear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict, cast

from . import limits
from .client import WeChatClient

Language = Literal["zh_CN", "zh_TW", "en"]

_REMARK = 30
_BATCH, _BLACKLIST_BATCH = 100, 20


class UserInfo(TypedDict, total=False):
    """A follower (获取用户基本信息). Who has left has ``subscribe`` 0, openid and unionid alone.

    Since 2021 WeChat returns neither names nor pictures.
    """

    subscribe: int
    openid: str
    language: str
    subscribe_time: int
    """Epoch seconds of the last subscription."""
    unionid: str
    remark: str
    groupid: int
    tagid_list: list[int]
    subscribe_scene: str
    """ADD_SCENE_SEARCH, ADD_SCENE_QR_CODE, ADD_SCENE_OTHERS, …"""
    qr_scene: int
    qr_scene_str: str


class OpenidPage(TypedDict):
    """One page of openids."""

    total: int
    count: int
    openids: list[str]
    next_openid: str
    """Where the next page begins; empty after the last one."""


async def get(client: WeChatClient, *, next_openid: str = "") -> OpenidPage:
    """Return up to 10 000 followers after ``next_openid`` (获取关注用户列表). Raises WeChatError: 40003."""
    params = {"next_openid": next_openid} if next_openid else {}
    return openid_page(await client.get_json("/cgi-bin/user/get", params, expects="count"))


async def info(client: WeChatClient, openid: str, *, lang: Language = "zh_CN") -> UserInfo:
    """Return what WeChat tells about a follower (获取用户基本信息). Raises WeChatError: 40003."""
    params = {"openid": openid, "lang": lang}
    return cast(UserInfo, await client.get_json("/cgi-bin/user/info", params, expects="openid"))


async def batch_info(
    client: WeChatClient, openids: Sequence[str], *, lang: Language = "zh_CN"
) -> list[UserInfo]:
    """Return that of up to 100 followers (批量获取用户基本信息). Raises WeChatError: 40003."""
    limits.items("openid", openids, _BATCH)
    payload = {"user_list": [{"openid": openid, "lang": lang} for openid in openids]}
    answer = await client.post_json(
        "/cgi-bin/user/info/batchget", payload, idempotent=True, expects="user_info_list"
    )
    return cast(list[UserInfo], answer["user_info_list"])


async def update_remark(client: WeChatClient, openid: str, remark: str) -> None:
    """Note a name of fewer than 30 characters for a follower, or take it back with "" (设置用户备注名)."""
    limits.characters("备注名", remark, _REMARK - 1)
    await client.post_json(
        "/cgi-bin/user/info/updateremark", {"openid": openid, "remark": remark}, idempotent=True
    )


async def get_blacklist(client: WeChatClient, *, begin_openid: str = "") -> OpenidPage:
    """Return up to 10 000 blocked openids after ``begin_openid`` (获取黑名单列表)."""
    payload = {"begin_openid": begin_openid}
    path = "/cgi-bin/tags/members/getblacklist"
    return openid_page(await client.post_json(path, payload, idempotent=True, expects="count"))


async def block(client: WeChatClient, openids: Sequence[str]) -> None:
    """Put up to 20 followers on the blacklist (拉黑用户): their messages do not come any more."""
    limits.items("openid", openids, _BLACKLIST_BATCH)
    payload = {"openid_list": list(openids)}
    await client.post_json("/cgi-bin/tags/members/batchblacklist", payload, idempotent=True)


async def unblock(client: WeChatClient, openids: Sequence[str]) -> None:
    """Take up to 20 followers off the blacklist (取消拉黑用户)."""
    limits.items("openid", openids, _BLACKLIST_BATCH)
    payload = {"openid_list": list(openids)}
    await client.post_json("/cgi-bin/tags/members/batchunblacklist", payload, idempotent=True)


def openid_page(answer: dict[str, object]) -> OpenidPage:
    """Return a page of openids from WeChat's answer, which has no ``data`` when there are none."""
    data = cast(dict[str, list[str]], answer.get("data") or {})
    openids = data.get("openid", [])
    count = cast(int, answer.get("count", len(openids)))
    return {
        "total": cast(int, answer.get("total", count)),
        "count": count,
        "openids": openids,
        "next_openid": str(answer.get("next_openid") or "") if openids else "",
    }
