"""What may still be called today, and what the platform saw of a refused call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .api_errors import ApiError
from .endpoint import OK, Call, Endpoint


def _get(call: Call) -> Mapping[str, Any]:
    path = call.text("cgi_path", 76021)
    limit = call.platform.daily_limits.get(path)
    if limit is None:
        raise ApiError(76021)
    used = min(call.platform.records.calls(path), limit)
    return {**OK, "quota": {"daily_limit": limit, "used": used, "remain": limit - used}}


def _clear(call: Call) -> Mapping[str, Any]:
    if call.text("appid", 41002) != call.platform.account.app_id:
        raise ApiError(40013)
    if not call.platform.records.clear_calls():
        raise ApiError(48006)
    return OK


def _rid(call: Call) -> Mapping[str, Any]:
    failed = call.platform.records.failure(call.text("rid", 76001))
    if failed is None:
        raise ApiError(76001)
    return {**OK, "request": failed.request}


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/openapi/quota/get", _get),
    Endpoint("POST", "/cgi-bin/clear_quota", _clear),
    Endpoint("POST", "/cgi-bin/openapi/rid/get", _rid),
)
