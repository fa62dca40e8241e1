"""The menu at the bottom of the account's chat (自定义菜单), for everybody or for some (个性化菜单)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Required, TypedDict, cast

from . import limits
from .client import WeChatClient

ButtonType = Literal[
    "click",
    "view",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
    "media_id",
    "view_limited",
    "miniprogram",
    "article_id",
    "article_view_limited",
]

_NEEDS: dict[str, tuple[str, ...]] = {
    "click": ("key",),
    "view": ("url",),
    "scancode_push": ("key",),
    "scancode_waitmsg": ("key",),
    "pic_sysphoto": ("key",),
    "pic_photo_or_album": ("key",),
    "pic_weixin": ("key",),
    "location_select": ("key",),
    "media_id": ("media_id",),
    "view_limited": ("media_id",),
    "miniprogram": ("url", "appid", "pagepath"),
    "article_id": ("article_id",),
    "article_view_limited": ("article_id",),
}
"""What a button of each type must have besides its name."""
MAX_BUTTONS, MAX_SUB_BUTTONS = 3, 5
_NAME_BYTES, _SUB_NAME_BYTES = 16, 60
_KEY_BYTES, _URL_BYTES = 128, 1024


class Button(TypedDict, total=False):
    """A button: one that does something has a type, one that opens has ``sub_button``."""

    name: Required[str]
    """At most 16 UTF-8 bytes, 60 below another one."""
    type: ButtonType
    key: str
    """What the event brings; at most 128 UTF-8 bytes."""
    url: str
    """At most 1024 UTF-8 bytes. Of a mini program: for phones that cannot open it."""
    media_id: str
    appid: str
    pagepath: str
    article_id: str
    sub_button: list[Button]


class MatchRule(TypedDict, total=False):
    """Who sees a conditional menu: at least one of these."""

    tag_id: str
    client_platform_type: Literal["1", "2", "3"]
    """1 iOS, 2 Android, 3 others."""


class Menu(TypedDict, total=False):
    """A menu, as it was made; a conditional one with ``menuid`` and ``matchrule``."""

    button: list[Button]
    menuid: int
    matchrule: dict[str, Any]


class Menus(TypedDict, total=False):
    """What was made through the API: the default menu and the conditional ones."""

    menu: Menu
    conditionalmenu: list[Menu]


def check_buttons(buttons: Sequence[Button]) -> None:
    """Check a menu: 1 to 3 buttons, each with up to 5 below it, and every length. Raises LimitError."""
    limits.items("一级菜单", buttons, MAX_BUTTONS)
    for button in buttons:
        below = button.get("sub_button") or []
        name = _checked_name(button, _NAME_BYTES)
        if not below:
            _check_action(button, name)
            continue
        limits.items(f"菜单「{name}」的子菜单", below, MAX_SUB_BUTTONS)
        for lower in below:
            limits.require(not lower.get("sub_button"), f"菜单「{name}」：子菜单下面不能再有子菜单")
            _check_action(lower, _checked_name(lower, _SUB_NAME_BYTES))


async def create(client: WeChatClient, buttons: Sequence[Button]) -> None:
    """Set the menu for everybody, in place of the one there is (创建自定义菜单).

    Raises LimitError as ``check_buttons`` does, and WeChatError: 40018, 40027, 40054, 45064, 65316, 48001.
    """
    check_buttons(buttons)
    await client.post_json("/cgi-bin/menu/create", {"button": list(buttons)}, idempotent=True)


async def get(client: WeChatClient) -> Menus:
    """Return the menus made through the API (获取自定义菜单配置). Raises WeChatError: 46003, none."""
    return cast(Menus, await client.get_json("/cgi-bin/menu/get", expects="menu"))


async def current(client: WeChatClient) -> dict[str, Any]:
    """Return the menu that followers see, also one made on WeChat's website (查询自定义菜单信息).

    ``is_menu_open`` and ``selfmenu_info``, whose buttons are not in the shape of ``create``.
    """
    return await client.get_json("/cgi-bin/get_current_selfmenu_info", expects="selfmenu_info")


async def delete(client: WeChatClient) -> None:
    """Delete the menu and all conditional ones (删除自定义菜单)."""
    await client.get_json("/cgi-bin/menu/delete")


async def add_conditional(client: WeChatClient, buttons: Sequence[Button], matchrule: MatchRule) -> str:
    """Make a menu for those who match, and return its menuid (创建个性化菜单).

    Raises LimitError, and WeChatError: 65303 (there must be a menu for everybody first), 65304;
    UnknownOutcome when it may be there already.
    """
    check_buttons(buttons)
    limits.require(any(matchrule.values()), "个性化菜单要有匹配规则：tag_id 或 client_platform_type")
    payload = {"button": list(buttons), "matchrule": dict(matchrule)}
    answer = await client.post_json("/cgi-bin/menu/addconditional", payload, expects="menuid")
    return str(answer["menuid"])


async def delete_conditional(client: WeChatClient, menuid: str) -> None:
    """Delete a conditional menu (删除个性化菜单). Raises WeChatError: 65301 (none of this menuid)."""
    await client.post_json("/cgi-bin/menu/delconditional", {"menuid": menuid})


async def try_match(client: WeChatClient, user_id: str) -> list[Button]:
    """Return the menu that someone sees, by openid or WeChat id (测试个性化菜单匹配结果)."""
    answer = await client.post_json(
        "/cgi-bin/menu/trymatch", {"user_id": user_id}, idempotent=True, expects="button"
    )
    return cast(list[Button], answer["button"])


def _checked_name(button: Button, most: int) -> str:
    name = button.get("name", "")
    limits.utf8_bytes(f"菜单名「{name}」", name, most, least=1)
    return name


def _check_action(button: Button, name: str) -> None:
    fields: dict[str, Any] = {**button}
    limits.require(fields.get("type") in _NEEDS, f"菜单「{name}」的类型 type 只能是 {'、'.join(_NEEDS)}")
    for needed in _NEEDS[fields["type"]]:
        limits.require(fields.get(needed), f"菜单「{name}」缺少 {needed}")
    limits.utf8_bytes(f"菜单「{name}」的 key", fields.get("key", ""), _KEY_BYTES)
    limits.utf8_bytes(f"菜单「{name}」的链接", fields.get("url", ""), _URL_BYTES)
