"""What a newcomer reads when the server has started: what is where, what is missing and what that means."""

from __future__ import annotations

import unicodedata

from local.house import House
from local.mcp_access import access

_LABEL_WIDTH = 12


def banner(house: House) -> str:
    """Return the text to print once everything is ready."""
    url, settings = house.base_url, house.configured
    lines = [
        "",
        f"  公众号 AI 助手已在本机启动  ·  {url}",
        "",
        _line("首页", f"{url}{settings.context_path}/   网页管理在 {url}{settings.context_path}/manage/"),
        _line("模拟器", f"{url}/simulator/   {_PHONE}" if house.simulator else _NO_SIMULATOR),
        _line("网页聊天", f"{url}{settings.context_path}/chat/"),
        _line("微信回调", f"{url}{settings.context_path}/wechat/reply"),
        _line("MCP", f"http://{settings.mcp_host}:{settings.mcp_port}/mcp   {access(settings)}"),
        _line("健康检查", f"{url}/health"),
        _line("数据", f"{settings.data_dir}   （重启后还在）"),
        "",
        _line("AI 模型", _model(house)),
        _line("网页设置", _SETTINGS if settings.config_password else _NO_SETTINGS),
        _line("公众号", _account(house)),
        _line("消息加密", _encryption(house)),
        _line("客服消息", "开：超时的回答写好后自动发出" if settings.customer_message else _NO_PUSH),
        "",
        f"  {_TRY if house.simulator else ''}按 Ctrl+C 停止",
        "",
    ]
    return "\n".join(lines)


_TRY = '在另一个终端里试：python -m local send "你好"        '
_PHONE = "一部浏览器里的手机，你就是粉丝"
_NO_SIMULATOR = "关：它会替来访者签名，只在本机监听、没有真的 Token 时才开（WECHAT_OA_SIMULATOR=on 打开）"
_SETTINGS = "开：在网页聊天里用 OPENAI_CONFIG_PASSWORD 打开，随时换模型、做验证码"
_NO_SETTINGS = "关：没有设置 OPENAI_CONFIG_PASSWORD"
_NO_PUSH = "关：超时的回答由粉丝回复「继续」来看（WECHAT_CUSTOMER_MESSAGE=true 打开）"


def _model(house: House) -> str:
    if house.demo_answers:
        return "演示模型：没有设置 OPENAI_API_KEY，回答是写好的文字，不是 AI"
    ai = house.services.ai
    return f"{ai.model}   {ai.api_url}"


def _account(house: House) -> str:
    if not house.real_account:
        return "模拟的：没有设置 WECHAT_APP_ID，只有模拟器能发消息"
    missing = [
        name
        for name, value in (
            ("WECHAT_TOKEN", house.configured.wechat_token),
            ("WECHAT_APP_SECRET", house.configured.app_secret),
        )
        if not value
    ]
    name = house.configured.official_account_name or house.configured.app_id
    return f"{name}   还缺 {'、'.join(missing)}" if missing else name


def _encryption(house: House) -> str:
    if house.configured.encoding_aes_key:
        return "已设置 EncodingAESKey，明文、兼容、安全模式都可以"
    if house.real_account:
        return "没有设置 WECHAT_ENCODING_AES_KEY，只能用明文模式"
    return "模拟的账号三种模式都可以试"


def _line(label: str, text: str) -> str:
    width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in label)
    return f"  {label}{' ' * (_LABEL_WIDTH - width)}{text}"
