"""Giving out access tokens: token and stable_token."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from .api_errors import ApiError
from .endpoint import Call, Endpoint
from .tokens import ForcedTooOftenError


def _token(call: Call) -> Mapping[str, Any]:
    _check_credentials(call, call.query)
    value, seconds = call.platform.tokens.plain()
    return {"access_token": value, "expires_in": seconds}


def _stable_token(call: Call) -> Mapping[str, Any]:
    _check_credentials(call, call.body)
    try:
        value, seconds = call.platform.tokens.stable(force=call.body.get("force_refresh") is True)
    except ForcedTooOftenError:
        raise ApiError(45009) from None
    return {"access_token": value, "expires_in": seconds}


def _check_credentials(call: Call, given: Mapping[str, Any]) -> None:
    account = call.platform.account
    if given.get("grant_type") != "client_credential":
        raise ApiError(40002)
    for name, errcode in (("appid", 41002), ("secret", 41004)):
        if not given.get(name):
            raise ApiError(errcode)
    if given["appid"] != account.app_id:
        raise ApiError(40013)
    if not hmac.compare_digest(str(given["secret"]).encode(), account.app_secret.encode()):
        raise ApiError(40125)


ENDPOINTS = (
    Endpoint("GET", "/cgi-bin/token", _token, needs_token=False, daily_limit=2000),
    Endpoint("POST", "/cgi-bin/stable_token", _stable_token, needs_token=False, daily_limit=500_000),
)
