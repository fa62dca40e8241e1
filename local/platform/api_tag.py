"""Tags, and who has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .api_errors import ApiError
from .api_user import openids_from
from .endpoint import OK, VERIFIED, Call, Endpoint
from .people import Follower
from .tags import MAX_OF_ONE, MAX_TAGS

_BATCH = 50
_NAME_BYTES = 30


def _create(call: Call) -> Mapping[str, Any]:
    tags, name = call.platform.tags, _name(call)
    if len(tags.names) >= MAX_TAGS:
        raise ApiError(45056)
    return {"tag": {"id": tags.create(name), "name": name}}


def _get(call: Call) -> Mapping[str, Any]:
    tags = call.platform.tags.names.items()
    return {"tags": [{"id": one, "name": name, "count": len(_with(call, one))} for one, name in tags]}


def _update(call: Call) -> Mapping[str, Any]:
    tag_id = _changeable(call)
    call.platform.tags.names[tag_id] = _name(call, tag_id)
    return OK


def _delete(call: Call) -> Mapping[str, Any]:
    tag_id = _changeable(call)
    del call.platform.tags.names[tag_id]
    for follower in _with(call, tag_id):
        follower.tags.remove(tag_id)
    return OK


def _members(call: Call) -> Mapping[str, Any]:
    return openids_from(_with(call, _known(call)), call.body.get("next_openid"), total=False)


def _tag_users(call: Call) -> Mapping[str, Any]:
    tag_id, followers = _known(call), call.followers(_BATCH)
    without = [one for one in followers if tag_id not in one.tags]
    if any(len(one.tags) >= MAX_OF_ONE for one in without):
        raise ApiError(45059)
    for follower in without:
        follower.tags.append(tag_id)
    return OK


def _untag_users(call: Call) -> Mapping[str, Any]:
    tag_id = _known(call)
    for follower in call.followers(_BATCH):
        if tag_id in follower.tags:
            follower.tags.remove(tag_id)
    return OK


def _of_user(call: Call) -> Mapping[str, Any]:
    return {"tagid_list": list(call.follower().tags)}


def _with(call: Call, tag_id: int) -> list[Follower]:
    return [one for one in call.platform.followers.values() if one.following and tag_id in one.tags]


def _tag(call: Call) -> Mapping[str, Any]:
    tag = call.body.get("tag")
    if not isinstance(tag, dict):
        raise ApiError(47001)
    return tag


def _name(call: Call, but: int = -1) -> str:
    name = _tag(call).get("name")
    if not isinstance(name, str) or not name:
        raise ApiError(45157)
    if len(name.encode("utf-8", "replace")) > _NAME_BYTES:
        raise ApiError(45158)
    if any(name == other for one, other in call.platform.tags.names.items() if one != but):
        raise ApiError(45157)
    return name


def _changeable(call: Call) -> int:
    tag_id = _tag(call).get("id")
    if not isinstance(tag_id, int):
        raise ApiError(45159)
    if call.platform.tags.is_own(tag_id):
        raise ApiError(45058)
    if tag_id not in call.platform.tags.names:
        raise ApiError(45159)
    return tag_id


def _known(call: Call) -> int:
    tag_id = call.number("tagid", wrong=45159)
    if tag_id not in call.platform.tags.names:
        raise ApiError(45159)
    return tag_id


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/tags/create", _create, account_types=VERIFIED),
    Endpoint("GET", "/cgi-bin/tags/get", _get, account_types=VERIFIED),
    Endpoint("POST", "/cgi-bin/tags/update", _update, account_types=VERIFIED),
    Endpoint("POST", "/cgi-bin/tags/delete", _delete, account_types=VERIFIED),
    Endpoint("POST", "/cgi-bin/user/tag/get", _members, account_types=VERIFIED),
    Endpoint("POST", "/cgi-bin/tags/members/batchtagging", _tag_users, account_types=VERIFIED),
    Endpoint("POST", "/cgi-bin/tags/members/batchuntagging", _untag_users, account_types=VERIFIED),
    Endpoint("POST", "/cgi-bin/tags/getidlist", _of_user, account_types=VERIFIED),
)
