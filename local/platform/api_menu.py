"""Menus: the default one, conditional ones, and what a follower sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .api_errors import ApiError
from .endpoint import OK, VERIFIED, Call, Endpoint
from .menus import Buttons

_NEEDS: dict[str, str] = {
    "click": "key",
    "view": "url",
    "scancode_push": "key",
    "scancode_waitmsg": "key",
    "pic_sysphoto": "key",
    "pic_photo_or_album": "key",
    "pic_weixin": "key",
    "location_select": "key",
    "media_id": "media_id",
    "view_limited": "media_id",
    "miniprogram": "appid",
    "article_id": "article_id",
    "article_view_limited": "article_id",
}
_MISSING = {"key": 40019, "url": 40020}
_KEY_BYTES, _URL_BYTES = 128, 1024


def _create(call: Call) -> Mapping[str, Any]:
    call.platform.menus.default = {"button": _buttons(call)}
    call.platform.show_settings()
    return OK


def _get(call: Call) -> Mapping[str, Any]:
    menus = call.platform.menus
    if menus.default is None:
        raise ApiError(46003)
    conditional = list(menus.conditional.values())
    return {"menu": menus.default} | ({"conditionalmenu": conditional} if conditional else {})


def _delete(call: Call) -> Mapping[str, Any]:
    call.platform.menus.delete()
    call.platform.show_settings()
    return OK


def _current(call: Call) -> Mapping[str, Any]:
    """Submenus stand in a list of their own here."""
    menu = call.platform.menus.default
    buttons = [
        {**button, "sub_button": {"list": button["sub_button"]}} if button.get("sub_button") else button
        for button in (menu["button"] if menu else [])
    ]
    return {"is_menu_open": int(menu is not None), "selfmenu_info": {"button": buttons}}


def _add_conditional(call: Call) -> Mapping[str, Any]:
    buttons, rule = _buttons(call), call.body.get("matchrule")
    if not isinstance(rule, dict) or not any(rule.values()):
        raise ApiError(65304)
    if call.platform.menus.default is None:
        raise ApiError(65303)
    return {"menuid": str(call.platform.menus.add_conditional(buttons, rule))}


def _delete_conditional(call: Call) -> Mapping[str, Any]:
    if call.platform.menus.conditional.pop(call.number("menuid", wrong=65301), None) is None:
        raise ApiError(65301)
    return OK


def _try_match(call: Call) -> Mapping[str, Any]:
    menu = call.platform.menus.seen_with(call.follower("user_id").tags)
    if menu is None:
        raise ApiError(46003)
    return {"button": menu["button"]}


def _buttons(call: Call) -> Buttons:
    buttons = call.body.get("button")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        raise ApiError(40016)
    for button in buttons:
        _check_name(button, 16, 40018)
        below = button.get("sub_button")
        if not below:
            _check_action(button, 40017)
            continue
        if not isinstance(below, list) or len(below) > 5:
            raise ApiError(40023)
        for lower in below:
            _check_name(lower, 60, 40025)
            _check_action(lower, 40024)
    return buttons


def _check_name(button: object, most: int, errcode: int) -> None:
    if not isinstance(button, dict):
        raise ApiError(47001)
    name = button.get("name")
    if not isinstance(name, str) or not 1 <= len(name.encode("utf-8", "replace")) <= most:
        raise ApiError(errcode)


def _check_action(button: Mapping[str, Any], errcode: int) -> None:
    needed = _NEEDS.get(str(button.get("type")))
    if needed is None:
        raise ApiError(errcode)
    value = button.get(needed)
    if not isinstance(value, str) or not value:
        raise ApiError(_MISSING.get(needed, 40035))
    most = _URL_BYTES if needed == "url" else _KEY_BYTES
    if needed in _MISSING and len(value.encode("utf-8", "replace")) > most:
        raise ApiError(_MISSING[needed])


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/menu/create", _create, account_types=VERIFIED, daily_limit=1000),
    Endpoint("GET", "/cgi-bin/menu/get", _get, account_types=VERIFIED),
    Endpoint("GET", "/cgi-bin/menu/delete", _delete, account_types=VERIFIED, daily_limit=1000),
    Endpoint("GET", "/cgi-bin/get_current_selfmenu_info", _current, account_types=VERIFIED),
    Endpoint(
        "POST", "/cgi-bin/menu/addconditional", _add_conditional, account_types=VERIFIED, daily_limit=2000
    ),
    Endpoint(
        "POST", "/cgi-bin/menu/delconditional", _delete_conditional, account_types=VERIFIED, daily_limit=2000
    ),
    Endpoint("POST", "/cgi-bin/menu/trymatch", _try_match, account_types=VERIFIED, daily_limit=20_000),
)
