"""wechat_template_message: notices in a fixed form."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Refused, Result
from wechat_mcp.tools.params import Openid
from wechat_oa.api import template

tool = Declared(
    "wechat_template_message",
    "模板消息",
    "模板消息（认证的服务号）：列出模板、从模板库选用、删除、发送、看和设置所属行业。",
)

TemplateId = Annotated[str, Field(description="模板的 template_id", min_length=1, max_length=128)]


@tool.action("list", "账号里的模板", scope="read", also=("get",))
async def list_(call: Call) -> Result:
    """The account's templates."""
    found = await template.get_all(call.client)
    lines = [f"- {each['title']}  {each['template_id']}" for each in found]
    return Result(
        "\n".join([f"模板 {len(found)} 个。", *lines]), {"template_list": [dict(each) for each in found]}
    )


@tool.action("send", "给一个粉丝发送", scope="publish", given=("data",))
async def send(
    call: Call,
    openid: Openid,
    template_id: TemplateId,
    data: Annotated[dict[str, Any], Field(description='各字段的内容：{"thing1": "…", "time2": "…"}')],
    url: Annotated[str, Field(description="点开的地址", max_length=1024)] = "",
    miniprogram: Annotated[
        dict[str, str], Field(description='点开的小程序：{"appid": "…", "pagepath": "…"}')
    ] = {},
    client_msg_id: Annotated[
        str, Field(description="防重复的编号：10 分钟内同一个编号只发一次", max_length=32)
    ] = "",
) -> Result:
    """Send a notice."""
    # WeChat's own way of writing it is accepted too: {"thing1": {"value": "…"}}.
    values = {
        name: str(each["value"] if isinstance(each, dict) and "value" in each else each)
        for name, each in data.items()
    }
    program = None
    if miniprogram:
        if not miniprogram.get("appid"):
            raise Refused("miniprogram 要有 appid。")
        program = template.MiniProgram(appid=miniprogram["appid"], pagepath=miniprogram.get("pagepath", ""))
    msgid = await template.send(
        call.client, openid, template_id, values, url=url, miniprogram=program, client_msg_id=client_msg_id
    )
    return Result(f"模板消息已发出，msgid：{msgid}。", {"msgid": msgid, "openid": openid})


@tool.action("add", "从模板库选用", scope="write")
async def add(
    call: Call,
    template_id_short: Annotated[str, Field(description="模板库里的编号", min_length=1, max_length=64)],
    keyword_name_list: Annotated[list[str], Field(description="选用的关键词，按顺序")] = [],
) -> Result:
    """Take a template from WeChat's library."""
    made = await template.add(call.client, template_id_short, keyword_name_list)
    return Result(f"已选用，template_id：{made}。", {"template_id": made})


@tool.action("delete", "删除账号里的模板", scope="write", destructive=True)
async def delete(call: Call, template_id: TemplateId) -> Result:
    """Remove a template of the account."""
    await template.delete(call.client, template_id)
    return Result(f"已删除模板 {template_id}。", {"template_id": template_id})


@tool.action("get_industry", "所属行业", scope="read")
async def get_industry(call: Call) -> Result:
    """The account's industries."""
    return Result("账号的所属行业见下。", await template.get_industry(call.client))


@tool.action(
    "set_industry",
    "设置所属行业（每月一次）",
    scope="publish",
    warns="将把所属行业设为 {industry_id1} 和 {industry_id2}：每月只能改一次，现有的模板可能失效。",
)
async def set_industry(
    call: Call,
    industry_id1: Annotated[int, Field(description="主行业的编号", ge=1, le=100)],
    industry_id2: Annotated[int, Field(description="副行业的编号", ge=1, le=100)],
) -> Result:
    """Set the account's industries."""
    await template.set_industry(call.client, industry_id1, industry_id2)
    return Result("所属行业已设置。", {"industry_id1": industry_id1, "industry_id2": industry_id2})
