"""wechat_menu: the menu below the account's chat."""

from __future__ import annotations

from typing import Annotated, Any, cast

from pydantic import Field

from wechat_mcp.tooling.arguments import deep_snake
from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Refused, Result
from wechat_oa.api import menu
from wechat_oa.api.errors import WeChatError
from wechat_oa.api.menu import Button, MatchRule

tool = Declared(
    "wechat_menu",
    "自定义菜单",
    "公众号底部的菜单：查看、设置（最多 3 个一级菜单，各 5 个子菜单）、删除，以及只给一部分人看的个性化菜单。"
    "需要认证的公众号或服务号（否则 48001）。",
)

Buttons = Annotated[
    list[dict[str, Any]],
    Field(
        description='菜单按钮，例如 [{"name": "官网", "type": "view", "url": "https://…"}, '
        '{"name": "更多", "sub_button": [{"name": "帮助", "type": "click", "key": "help"}]}]'
    ),
]
_NO_MENU = 46003


@tool.action("get", "看通过接口设置的菜单", scope="read")
async def get(call: Call) -> Result:
    """Show the menus made through the API."""
    try:
        menus = await menu.get(call.client)
    except WeChatError as error:
        if error.errcode != _NO_MENU:
            raise
        return Result("还没有通过接口设置菜单。", {"menu": {}, "conditionalmenu": []})
    buttons = menus.get("menu", {}).get("button", [])
    names = "、".join(each["name"] for each in buttons)
    special = len(menus.get("conditionalmenu", []))
    return Result(f"菜单：{names or '（空）'}；个性化菜单 {special} 个。", dict(menus))


@tool.action("current", "看粉丝现在看到的菜单（包括在网页后台设置的）", scope="read")
async def current(call: Call) -> Result:
    """Show the menu that followers see."""
    shown = await menu.current(call.client)
    return Result(f"菜单{'已开启' if shown.get('is_menu_open') else '没有开启'}。", shown)


@tool.action(
    "create", "设置所有人看到的菜单（替换现有的）", scope="write", given=("button",), destructive=True
)
async def create(call: Call, button: Buttons) -> Result:
    """Set the menu for everybody."""
    await menu.create(call.client, _buttons(button))
    return Result("菜单已设置。手机上可能要过几分钟或重新关注才看到。", {"button": button})


@tool.action("delete", "删除全部菜单，包括个性化菜单", scope="write", destructive=True)
async def delete(call: Call) -> Result:
    """Delete all menus."""
    await menu.delete(call.client)
    return Result("菜单已全部删除。")


@tool.action("add_conditional", "添加个性化菜单", scope="write")
async def add_conditional(
    call: Call,
    button: Buttons,
    tag_id: Annotated[str, Field(description="给有这个标签的粉丝看", max_length=20)] = "",
    client_platform_type: Annotated[
        str, Field(description="手机：1 iOS、2 Android、3 其他", max_length=1)
    ] = "",
) -> Result:
    """Make a menu for some."""
    rule = {"tag_id": tag_id, "client_platform_type": client_platform_type}
    given = cast(MatchRule, {name: value for name, value in rule.items() if value})
    menuid = await menu.add_conditional(call.client, _buttons(button), given)
    return Result(f"个性化菜单已添加，menuid：{menuid}。", {"menuid": menuid})


@tool.action("delete_conditional", "删除一个个性化菜单", scope="write", destructive=True)
async def delete_conditional(
    call: Call, menuid: Annotated[str, Field(description="个性化菜单的 menuid", min_length=1, max_length=30)]
) -> Result:
    """Delete a conditional menu."""
    await menu.delete_conditional(call.client, menuid)
    return Result(f"已删除个性化菜单 {menuid}。", {"menuid": menuid})


@tool.action("try_match", "看某个人会看到哪个菜单", scope="read")
async def try_match(
    call: Call, user_id: Annotated[str, Field(description="openid 或微信号", min_length=1, max_length=128)]
) -> Result:
    """Show the menu that someone sees."""
    buttons = await menu.try_match(call.client, user_id)
    names = "、".join(each["name"] for each in buttons)
    return Result(f"会看到：{names or '（空）'}。", {"button": list(buttons)})


def _buttons(button: list[dict[str, Any]]) -> list[Button]:
    if not button:
        raise Refused("button 不能为空：要去掉菜单，用 delete。")
    return cast(list[Button], deep_snake(button))
