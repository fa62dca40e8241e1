"""wechat_tag: how followers are sorted."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Result
from wechat_mcp.tools.params import Openids
from wechat_mcp.tools.user import NextOpenid
from wechat_oa.api import tag

tool = Declared(
    "wechat_tag", "粉丝标签", "给粉丝分组的标签：列表、新建、改名、删除、看成员、打标签、去标签。"
)

TagId = Annotated[int, Field(description="标签的 id", ge=0)]
TagName = Annotated[str, Field(description="标签名，10 个汉字以内", min_length=1, max_length=30)]


@tool.action("list", "全部标签", scope="read", also=("get",))
async def list_(call: Call) -> Result:
    """All tags."""
    tags = await tag.get(call.client)
    lines = [f"- {each['id']} {each['name']}（{each.get('count', 0)} 人）" for each in tags]
    return Result("\n".join([f"标签 {len(tags)} 个。", *lines]), {"tags": [dict(each) for each in tags]})


@tool.action("create", "新建", scope="write", also=("add",))
async def create(call: Call, tag_name: TagName) -> Result:
    """Make a tag."""
    made = await tag.create(call.client, tag_name)
    return Result(f"标签「{tag_name}」已建好，id：{made['id']}。", {"tag": dict(made)})


@tool.action("update", "改名", scope="write")
async def update(call: Call, tag_id: TagId, tag_name: TagName) -> Result:
    """Rename a tag."""
    await tag.update(call.client, tag_id, tag_name)
    return Result(f"标签 {tag_id} 已改名为「{tag_name}」。", {"tag_id": tag_id, "tag_name": tag_name})


@tool.action("delete", "删除", scope="write", destructive=True)
async def delete(call: Call, tag_id: TagId) -> Result:
    """Delete a tag."""
    await tag.delete(call.client, tag_id)
    return Result(f"已删除标签 {tag_id}。", {"tag_id": tag_id})


@tool.action("members", "有这个标签的粉丝", scope="read", given=("tag_id",))
async def members(call: Call, tag_id: TagId, next_openid: NextOpenid = "") -> Result:
    """Who has the tag."""
    page = await tag.members(call.client, tag_id, next_openid=next_openid)
    return Result(f"这一页有 {page['count']} 人。", {"tag_id": tag_id, **page})


@tool.action("tag_users", "给粉丝打标签，最多 50 人", scope="write")
async def tag_users(call: Call, tag_id: TagId, openids: Openids) -> Result:
    """Give followers the tag."""
    await tag.tag_users(call.client, tag_id, openids)
    return Result(f"已给 {len(openids)} 人打上标签 {tag_id}。", {"tag_id": tag_id, "openids": openids})


@tool.action("untag_users", "去掉粉丝的标签，最多 50 人", scope="write")
async def untag_users(call: Call, tag_id: TagId, openids: Openids) -> Result:
    """Take the tag from followers."""
    await tag.untag_users(call.client, tag_id, openids)
    return Result(f"已去掉 {len(openids)} 人的标签 {tag_id}。", {"tag_id": tag_id, "openids": openids})
