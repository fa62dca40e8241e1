"""Followers, what is noted about them, and the blacklist. The simulator's followers are the account's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .api_errors import ApiError
from .endpoint import OK, VERIFIED, Call, Endpoint
from .people import Follower

_PAGE = 10_000
_REMARK = 30


def openids_from(followers: list[Follower], after: object, *, total: bool = True) -> Mapping[str, Any]:
    """Return a page of openids after one of them. Raises ApiError."""
    openids = [follower.openid for follower in followers]
    begin = 0
    if after:
        if after not in openids:
            raise ApiError(40003)
        begin = openids.index(str(after)) + 1
    page = openids[begin : begin + _PAGE]
    answer: dict[str, Any] = ({"total": len(openids)} if total else {}) | {"count": len(page)}
    return answer | ({"data": {"openid": page}} if page else {}) | {"next_openid": page[-1] if page else ""}


def _get(call: Call) -> Mapping[str, Any]:
    following = [one for one in call.platform.followers.values() if one.following]
    return openids_from(following, call.query.get("next_openid"))


def _info(call: Call) -> Mapping[str, Any]:
    return _about(call.known(call.query.get("openid")), call.query.get("lang", "zh_CN"))


def _batch_info(call: Call) -> Mapping[str, Any]:
    asked = call.body.get("user_list")
    if not isinstance(asked, list) or not asked or not all(isinstance(one, dict) for one in asked):
        raise ApiError(47001)
    if len(asked) > 100:
        raise ApiError(40032)
    about = [_about(call.known(one.get("openid")), str(one.get("lang", "zh_CN"))) for one in asked]
    return {"user_info_list": about}


def _update_remark(call: Call) -> Mapping[str, Any]:
    follower, remark = call.follower(), call.body.get("remark")
    if not isinstance(remark, str) or len(remark) >= _REMARK:
        raise ApiError(40035)
    follower.remark = remark
    return OK


def _get_blacklist(call: Call) -> Mapping[str, Any]:
    blocked = [one for one in call.platform.followers.values() if one.blocked]
    return openids_from(blocked, call.body.get("begin_openid"))


def _block(call: Call) -> Mapping[str, Any]:
    for follower in call.followers(20):
        follower.blocked = True
    return OK


def _unblock(call: Call) -> Mapping[str, Any]:
    for follower in call.followers(20):
        follower.blocked = False
    return OK


def _about(follower: Follower, lang: str) -> dict[str, Any]:
    """Without names and pictures, which WeChat returns as empty since 2021."""
    if not follower.following:
        return {"subscribe": 0, "openid": follower.openid}
    number = follower.scene.isascii() and follower.scene.isdigit()
    return {
        "subscribe": 1,
        "openid": follower.openid,
        "nickname": "",
        "sex": 0,
        "language": lang,
        "city": "",
        "province": "",
        "country": "",
        "headimgurl": "",
        "subscribe_time": int(follower.subscribed_at),
        "remark": follower.remark,
        "groupid": follower.tags[0] if follower.tags else 0,
        "tagid_list": list(follower.tags),
        "subscribe_scene": "ADD_SCENE_QR_CODE" if follower.scene else "ADD_SCENE_SEARCH",
        "qr_scene": int(follower.scene) if number else 0,
        "qr_scene_str": "" if number else follower.scene,
    }


ENDPOINTS = (
    Endpoint("GET", "/cgi-bin/user/get", _get, account_types=VERIFIED),
    Endpoint("GET", "/cgi-bin/user/info", _info, account_types=VERIFIED, daily_limit=5_000_000),
    Endpoint("POST", "/cgi-bin/user/info/batchget", _batch_info, account_types=VERIFIED),
    Endpoint("POST", "/cgi-bin/user/info/updateremark", _update_remark, account_types=VERIFIED),
    Endpoint("POST", "/cgi-bin/tags/members/getblacklist", _get_blacklist, account_types=VERIFIED),
    Endpoint("POST", "/cgi-bin/tags/members/batchblacklist", _block, account_types=VERIFIED),
    Endpoint("POST", "/cgi-bin/tags/members/batchunblacklist", _unblock, account_types=VERIFIED),
)
