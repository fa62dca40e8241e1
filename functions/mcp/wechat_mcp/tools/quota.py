"""wechat_quota: how often the API may still be called, and whether WeChat reaches the account's server."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Result
from wechat_oa.api import network, quota
from wechat_oa.api.errors import WeChatError

tool = Declared(
    "wechat_quota",
    "接口额度与诊断",
    "接口的每日额度、清零、按 rid 查一次失败的调用、解释错误码、检测微信能不能连到服务器。",
)


@tool.action("get", "一个接口今天的额度", scope="read", given=("cgi_path",))
async def get(
    call: Call,
    cgi_path: Annotated[
        str, Field(description="接口的路径，如 /cgi-bin/draft/add", max_length=200)
    ] = "/cgi-bin/draft/add",
) -> Result:
    """The quota of a path."""
    found = await quota.get(call.client, cgi_path)
    day = found.get("quota", {})
    return Result(
        f"{cgi_path} 今天一共 {day.get('daily_limit', '?')} 次，用了 {day.get('used', '?')} 次，"
        f"还剩 {day.get('remain', '?')} 次。",
        {"cgi_path": cgi_path, **found},
    )


@tool.action(
    "clear_quota",
    "把今天全部接口的额度清零重来（每月 10 次）",
    scope="publish",
    also=("clear",),
    warns="将把今天全部接口的调用次数清零：每月一共只有 10 次机会，用掉一次。",
)
async def clear_quota(call: Call) -> Result:
    """Begin all of today's quotas anew."""
    await quota.clear(call.client, call.services.account().app_id)
    return Result("今天的接口调用次数已清零（每月 10 次，用掉了一次）。")


@tool.action("rid", "按 rid 查一次失败的调用", scope="read", given=("rid",))
async def rid(
    call: Call, rid: Annotated[str, Field(description="出错信息末尾的 rid", min_length=1, max_length=100)]
) -> Result:
    """What WeChat saw of a call that failed."""
    found = await quota.get_request(call.client, rid)
    return Result(f"rid {rid} 的调用见下。", {"rid": rid, "request": dict(found)})


@tool.action("explain", "解释一个错误码", scope="read", given=("errcode",))
async def explain_(
    call: Call, errcode: Annotated[int, Field(description="微信的错误码，如 40164", ge=-1, le=99_999_999)]
) -> Result:
    """What an errcode means, and what to do."""
    error = WeChatError(errcode, "", "")
    return Result(
        f"{errcode}：{error.explanation}。{error.advice}",
        {"errcode": errcode, "meaning": error.explanation, "advice": error.advice},
    )


@tool.action("callback_check", "让微信检测能不能连到服务器", scope="read")
async def callback_check(
    call: Call,
    check: Annotated[
        Literal["all", "dns", "ping"], Field(description="dns 域名解析、ping 丢包、all 都测")
    ] = "all",
) -> Result:
    """Let WeChat try to reach the callback."""
    found = await network.check_callback(call.client, action=check)
    return Result("检测结果见下。", dict(found))


@tool.action("ip_list", "微信服务器的 IP（防火墙放行用）", scope="read")
async def ip_list(call: Call) -> Result:
    """The addresses of WeChat's servers."""
    found: dict[str, Any] = {
        "callback_ips": await network.callback_ips(call.client),
        "api_ips": await network.api_domain_ips(call.client),
    }
    return Result(
        f"推送来自 {len(found['callback_ips'])} 个 IP，接口有 {len(found['api_ips'])} 个 IP。", found
    )
