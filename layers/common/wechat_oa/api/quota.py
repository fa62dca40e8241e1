"""How often the API may still be called (openApi 管理), and what WeChat saw of a call that failed."""

from __future__ import annotations

import re
from typing import TypedDict, cast

from . import limits
from .client import WeChatClient


class DailyQuota(TypedDict):
    """Calls of one path, today."""

    daily_limit: int
    used: int
    remain: int


class RateLimit(TypedDict):
    """Calls within a time."""

    call_count: int
    refresh_second: int


class Quota(TypedDict, total=False):
    """What may still be called of one path."""

    quota: DailyQuota
    rate_limit: RateLimit
    component_rate_limit: RateLimit


class Request(TypedDict):
    """What WeChat saw of one call."""

    invoke_time: int
    cost_in_ms: int
    request_url: str
    """Its query, without the access token."""
    request_body: str
    response_body: str
    client_ip: str


async def get(client: WeChatClient, cgi_path: str) -> Quota:
    """Return the quota of a path like ``/cgi-bin/draft/add`` (查询 API 调用额度).

    Raises LimitError, and WeChatError: 76021 (no such path), 76022 (not this account's).
    """
    limits.require(cgi_path.startswith("/"), "cgi_path 以 / 开头，不带域名，例如 /cgi-bin/draft/add")
    answer = await client.post_json(
        "/cgi-bin/openapi/quota/get", {"cgi_path": cgi_path}, idempotent=True, expects="quota"
    )
    return cast(Quota, answer)


async def clear(client: WeChatClient, app_id: str) -> None:
    """Begin all of today's quotas anew (重置 API 调用次数): ten times a month, those by hand included.

    Raises WeChatError: 48006 (all ten are used up), 40013; UnknownOutcome when it may have been done.
    """
    await client.post_json("/cgi-bin/clear_quota", {"appid": app_id})


async def get_request(client: WeChatClient, rid: str) -> Request:
    """Return what WeChat saw of a call that failed with this rid (查询 rid 信息), for some days.

    It holds what was sent: not for others' eyes. Raises WeChatError: 76001, 76002.
    """
    limits.require(rid, "rid 不能为空：它在出错信息的末尾")
    answer = await client.post_json(
        "/cgi-bin/openapi/rid/get", {"rid": rid}, idempotent=True, expects="request"
    )
    request = cast(Request, answer["request"])
    request["request_url"] = re.sub(r"(access_token=)[^&]+", r"\1…", request.get("request_url", ""))
    return request
