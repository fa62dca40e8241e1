"""QR codes with a scene, and short keys."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from .api_errors import ApiError
from .endpoint import OK, VERIFIED, VERIFIED_SERVICE, Call, Endpoint
from .follower import ticket

_MAX_SECONDS = 2_592_000
_LEAST_SECONDS = 60
_MAX_CODES = 100_000
_LETTERS = string.ascii_letters + string.digits


def _create(call: Call) -> Mapping[str, Any]:
    """The code of a scene always has the same ticket: the simulator's followers come with it."""
    action = call.text("action_name", 40053)
    if action not in ("QR_SCENE", "QR_STR_SCENE", "QR_LIMIT_SCENE", "QR_LIMIT_STR_SCENE"):
        raise ApiError(40053)
    permanent = action.startswith("QR_LIMIT")
    scene = _scene(call, words="STR" in action, most=_MAX_CODES if permanent else 2**32 - 1)
    answer = {"ticket": ticket(scene), "url": f"http://weixin.qq.com/q/{quote(scene, safe='')}"}
    if permanent:
        if len(call.platform.permanent_codes | {scene}) > _MAX_CODES:
            raise ApiError(40053)
        call.platform.permanent_codes.add(scene)
        return answer
    seconds = call.number("expire_seconds", default=_LEAST_SECONDS)
    return {**answer, "expire_seconds": max(_LEAST_SECONDS, min(seconds, _MAX_SECONDS))}


def _scene(call: Call, *, words: bool, most: int) -> str:
    info = call.body.get("action_info")
    scene = info.get("scene") if isinstance(info, dict) else None
    if not isinstance(scene, dict):
        raise ApiError(40053)
    value = scene.get("scene_str" if words else "scene_id")
    if words and isinstance(value, str) and 1 <= len(value.encode("utf-8", "replace")) <= 64:
        return value
    if not words and isinstance(value, int) and 1 <= value <= most:
        return str(value)
    raise ApiError(40053)


def _shorten(call: Call) -> Mapping[str, Any]:
    long_data = call.text("long_data", 47003)
    seconds = call.number("expire_seconds", default=_MAX_SECONDS)
    if len(long_data.encode("utf-8", "replace")) > 4096:
        raise ApiError(9410010)
    if not 0 < seconds <= _MAX_SECONDS:
        raise ApiError(9410011)
    key, now = "".join(secrets.choice(_LETTERS) for _ in range(15)), call.platform.clock()
    call.platform.short_keys[key] = (long_data, now, now + seconds)
    return {**OK, "short_key": key}


def _fetch(call: Call) -> Mapping[str, Any]:
    now = call.platform.clock()
    long_data, since, until = call.platform.short_keys.get(call.text("short_key", 47003), ("", 0.0, 0.0))
    if until <= now:
        raise ApiError(9410012)
    return {**OK, "long_data": long_data, "create_time": int(since), "expire_seconds": int(until - now)}


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/qrcode/create", _create, account_types=VERIFIED_SERVICE, daily_limit=100_000),
    Endpoint("POST", "/cgi-bin/shorten/gen", _shorten, account_types=VERIFIED),
    Endpoint("POST", "/cgi-bin/shorten/fetch", _fetch, account_types=VERIFIED),
)
