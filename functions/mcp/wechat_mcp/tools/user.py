"""wechat_user: the account's followers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Result
from wechat_mcp.tools.params import Openid, Openids
from wechat_oa.api import tag, user

tool = Declared(
    "wechat_user",
    "粉丝",
    "粉丝：列表、资料（微信不再提供昵称和头像）、备注名、黑名单。需要认证的公众号或服务号（否则 48001）。",
)

NextOpenid = Annotated[str, Field(description="从哪个 openid 之后开始，第一页不填", max_length=128)]


@tool.action("list", "粉丝的 openid，一页最多 1 万", scope="read")
async def list_(call: Call, next_openid: NextOpenid = "") -> Result:
    """One page of followers."""
    page = await user.get(call.client, next_openid=next_openid)
    more = "，用 next_openid 看下一页" if page["next_openid"] and page["count"] < page["total"] else ""
    return Result(f"粉丝共 {page['total']} 人，这里是 {page['count']} 人{more}。", dict(page))


@tool.action("info", "一个或多个粉丝的资料", scope="read", given=("openid", "openids"), also=("get",))
async def info(call: Call, openid: Openid = "", openids: Openids = []) -> Result:
    """What WeChat tells about followers."""
    wanted = [each for each in (openid, *openids) if each]
    if len(wanted) == 1:
        one = await user.info(call.client, wanted[0])
        tags = await tag.of_user(call.client, wanted[0]) if one.get("subscribe") else []
        state = "已关注" if one.get("subscribe") else "没有关注或已取消"
        remark = f"，备注 {one['remark']}" if one.get("remark") else ""
        return Result(f"{state}{remark}。", {**one, "tagid_list": one.get("tagid_list", tags)})
    many = await user.batch_info(call.client, wanted)
    return Result(f"{len(many)} 个粉丝的资料。", {"user_info_list": [dict(each) for each in many]})


@tool.action("remark", "设置备注名，空的是取消", scope="write")
async def remark(
    call: Call,
    openid: Openid,
    remark: Annotated[str, Field(description="备注名，30 字以内", max_length=30)] = "",
) -> Result:
    """Note a name for a follower."""
    await user.update_remark(call.client, openid, remark)
    return Result(
        f"备注名已设为「{remark}」。" if remark else "备注名已取消。", {"openid": openid, "remark": remark}
    )


@tool.action("blacklist", "黑名单", scope="read")
async def blacklist(call: Call, next_openid: NextOpenid = "") -> Result:
    """One page of who is blocked."""
    page = await user.get_blacklist(call.client, begin_openid=next_openid)
    return Result(f"黑名单里有 {page['total']} 人。", dict(page))


@tool.action("block", "拉黑，最多 20 人", scope="write", destructive=True)
async def block(call: Call, openids: Openids) -> Result:
    """Block followers."""
    await user.block(call.client, openids)
    return Result(f"已拉黑 {len(openids)} 人，不再收到他们的消息。", {"openids": openids})


@tool.action("unblock", "取消拉黑，最多 20 人", scope="write")
async def unblock(call: Call, openids: Openids) -> Result:
    """Unblock followers."""
    await user.unblock(call.client, openids)
    return Result(f"已取消拉黑 {len(openids)} 人。", {"openids": openids})
