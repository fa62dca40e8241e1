"""wechat_auth: which account this works on, and whether WeChat lets it in."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Field

from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Refused, Result, masked
from wechat_oa.api.errors import WeChatError
from wechat_oa.fetch import FetchError

tool = Declared(
    "wechat_auth",
    "公众号账号",
    "公众号的账号：设置 AppID 和 AppSecret、检查能否登录微信接口、看微信看到的服务器 IP（加白名单用）。"
    "密钥和令牌只显示头尾。其他工具会自己取令牌，不必先登录。",
)

AppId = Annotated[str, Field(description="公众号的 AppID（wx 开头）", max_length=64)]
AppSecret = Annotated[str, Field(description="公众号的 AppSecret", max_length=128)]

_ADDRESS = re.compile(r"微信看到的地址是 ([0-9A-Fa-f.:]+)")
_NOT_SET = (
    "还没有设置公众号：在部署的设置里填 WECHAT_APP_ID 和 WECHAT_APP_SECRET，"
    '或者调用 wechat_auth(action="configure", app_id="wx…", app_secret="…")。'
)


@tool.action("get_config", "看现在用的是哪个账号", scope="read", also=("status",))
async def get_config(call: Call) -> Result:
    """Show the account, masked, and whether a token is there."""
    account = call.services.account()
    if not account.app_id:
        return Result(_NOT_SET, {"configured": False})
    data = {
        "configured": bool(account.app_secret),
        "app_id": account.app_id,
        "app_secret": masked(account.app_secret),
        "source": "configure" if account.saved else "settings",
        "official_api_url": call.services.settings.official_api_url,
        **_token_data(call, account.app_id),
    }
    missing = "" if account.app_secret else "还缺 AppSecret。"
    state = "已有可用的 access_token" if data["logged_in"] else "还没有取过 access_token，用到时会自己去取"
    return Result(f"公众号 {account.app_id}：{missing}{state}。", data)


@tool.action("configure", "设置账号（先向微信验证，再保存）", scope="publish", given=("app_id", "app_secret"))
async def configure(call: Call, app_id: AppId = "", app_secret: AppSecret = "") -> Result:
    """Try an AppID and an AppSecret, and work with them from now on."""
    if not (app_id and app_secret):
        raise Refused("configure 要同时给 app_id 和 app_secret。")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", app_id):
        raise Refused("app_id 应该是 wx 开头的一串字母和数字，请检查是不是填反了。")
    services = call.services
    if call.dry_run:
        return Result("预演：会向微信验证这个账号，然后保存。", {"app_id": app_id})
    # getcallbackip is the cheapest call that needs a token, and every account may make it.
    await services.client_of(app_id, app_secret).get_json("/cgi-bin/getcallbackip")
    services.saved_account.save(app_id, app_secret)
    return Result(
        f"已验证并保存，之后都用公众号 {app_id}。",
        {"app_id": app_id, "app_secret": masked(app_secret), **_token_data(call, app_id)},
    )


@tool.action("get_token", "取令牌并检查能否登录", scope="write", also=("login",))
async def get_token(call: Call) -> Result:
    """Make sure that there is a token, and show it masked."""
    account = call.services.account()
    if not (account.app_id and account.app_secret):
        raise Refused(_NOT_SET)
    await call.client.get_json("/cgi-bin/getcallbackip")
    return Result(
        f"登录成功，公众号 {account.app_id} 可以使用。令牌由服务器保管和更新，只显示头尾。",
        {"app_id": account.app_id, **_token_data(call, account.app_id)},
    )


@tool.action("refresh_token", "换一个新令牌", scope="write")
async def refresh_token(call: Call) -> Result:
    """Forget the token in the table, so that a new one is fetched."""
    account = call.services.account()
    if not (account.app_id and account.app_secret):
        raise Refused(_NOT_SET)
    if call.dry_run:
        return Result("预演：会向微信要一个新的 access_token。")
    call.services.table.delete(f"token#{account.app_id}", "access_token")
    client = call.services.client_of(account.app_id, account.app_secret)
    await client.get_json("/cgi-bin/getcallbackip")
    return Result(
        "已重新向微信取令牌。微信在令牌的最后五分钟之前会给回同一个，这是正常的。",
        {"app_id": account.app_id, **_token_data(call, account.app_id)},
    )


@tool.action("outbound_ip", "看微信看到的服务器 IP，以便加入白名单", scope="read")
async def outbound_ip(call: Call) -> Result:
    """Find the address that WeChat's whitelist must hold."""
    account = call.services.account()
    try:
        # A token is refused with the address in the reason, and given when the whitelist has it.
        await call.services.client_of(account.app_id, account.app_secret).get_json("/cgi-bin/getcallbackip")
    except WeChatError as error:
        found = _ADDRESS.search(str(error))
        if error.errcode != 40164 or not found:
            raise
        return Result(
            f"微信看到的地址是 {found[1]}，它不在 IP 白名单里。请登录微信开发者平台（或公众平台的"
            "「设置与开发 → 基本配置」），把它加入 IP 白名单。",
            {"ip": found[1], "whitelisted": False},
        )
    ip = call.services.settings.whitelist_address
    if not ip:
        try:
            found_at = await call.services.fetch("https://checkip.amazonaws.com/", max_bytes=1000)
            ip = found_at.data.decode("ascii", "replace").strip()
        except FetchError:
            ip = ""
    known = {"ip": ip} if re.fullmatch(r"[0-9A-Fa-f.:]{3,45}", ip) else {}
    where = f"取 access_token 的地址是 {ip}，" if known else ""
    return Result(f"{where}微信已经放行，不用再加白名单。", {**known, "whitelisted": True})


@tool.action("logout", "忘掉 configure 保存的账号和令牌", scope="publish", destructive=True)
async def logout(call: Call) -> Result:
    """Go back to the account of the settings, without its token."""
    services = call.services
    if call.dry_run:
        return Result("预演：会忘掉用 configure 保存的账号和令牌。")
    account = services.account()
    saved = services.saved_account.forget()
    if account.app_id:
        services.table.delete(f"token#{account.app_id}", "access_token")
    rest = services.settings.app_id
    after = f"现在用回设置里的公众号 {rest}。" if rest else "现在没有账号，用 configure 再设置。"
    return Result(f"{'已忘掉保存的账号和令牌' if saved else '已忘掉令牌'}，{after}")


def _token_data(call: Call, app_id: str) -> dict[str, Any]:
    item = call.services.table.get(f"token#{app_id}", "access_token") or {}
    left = int(item.get("expires_at", 0) - call.services.clock())
    if left <= 0 or not item.get("access_token"):
        return {"logged_in": False}
    return {"logged_in": True, "access_token": masked(item["access_token"]), "expires_in": left}
