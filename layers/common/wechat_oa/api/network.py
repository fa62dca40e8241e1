"""Whether WeChat and the account's server reach each other, and from which addresses."""

from __future__ import annotations

from typing import Any, Literal, TypedDict, cast

from .client import WeChatClient

Operator = Literal["DEFAULT", "CHINANET", "UNICOM", "CAP"]


class CallbackCheck(TypedDict, total=False):
    """What WeChat found of the callback's address."""

    dns: list[dict[str, Any]]
    """``ip`` and ``real_operator`` of each address."""
    ping: list[dict[str, Any]]
    """``ip``, ``from_operator``, ``package_loss`` and ``time`` of each address."""


async def check_callback(
    client: WeChatClient,
    *,
    action: Literal["dns", "ping", "all"] = "all",
    check_operator: Operator = "DEFAULT",
) -> CallbackCheck:
    """Let WeChat try to reach the callback, from one network operator's lines if wanted (网络通信检测)."""
    payload = {"action": action, "check_operator": check_operator}
    return cast(CallbackCheck, await client.post_json("/cgi-bin/callback/check", payload, idempotent=True))


async def callback_ips(client: WeChatClient) -> list[str]:
    """Return the addresses that pushes come from (获取微信推送服务器 IP)."""
    return cast(list[str], (await client.get_json("/cgi-bin/getcallbackip", expects="ip_list"))["ip_list"])


async def api_domain_ips(client: WeChatClient) -> list[str]:
    """Return the addresses of the API (获取微信 API 服务器 IP)."""
    answer = await client.get_json("/cgi-bin/get_api_domain_ip", expects="ip_list")
    return cast(list[str], answer["ip_list"])
