"""wechat_comment: comments under articles."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Result
from wechat_oa.api import comment

tool = Declared(
    "wechat_comment",
    "文章评论",
    "文章的评论：列表、精选、回复、删除、打开和关闭（需要评论功能，否则 88000）。"
    "文章用 msg_data_id（发布或群发时返回）和 index（第一篇是 0）指明。",
)

MsgDataId = Annotated[int, Field(description="文章的 msg_data_id", ge=1)]
Index = Annotated[int, Field(description="第几篇，第一篇是 0", ge=0)]
CommentId = Annotated[int, Field(description="评论的 user_comment_id", ge=1)]
_KINDS: dict[str, Literal[0, 1, 2]] = {"all": 0, "ordinary": 1, "selected": 2}


@tool.action("list", "评论列表", scope="read", given=("msg_data_id",))
async def list_(
    call: Call,
    msg_data_id: MsgDataId,
    index: Index = 0,
    begin: Annotated[int, Field(description="从第几条开始", ge=0)] = 0,
    count: Annotated[int, Field(description="取几条", ge=1, le=49)] = 20,
    kind: Annotated[
        Literal["all", "ordinary", "selected"], Field(description="all 全部，ordinary 普通，selected 精选")
    ] = "all",
) -> Result:
    """One page of comments."""
    page = await comment.list_comments(
        call.client, msg_data_id, index=index, begin=begin, count=count, kind=_KINDS[kind]
    )
    lines = [f"- {each.get('user_comment_id')} {each.get('content', '')}" for each in page["comment"]]
    return Result("\n".join([f"评论共 {page['total']} 条。", *lines]), dict(page))


@tool.action("open", "打开评论", scope="write")
async def open_(call: Call, msg_data_id: MsgDataId, index: Index = 0) -> Result:
    """Let readers comment."""
    await comment.open_comments(call.client, msg_data_id, index=index)
    return Result("评论已打开。", {"msg_data_id": msg_data_id, "index": index})


@tool.action("close", "关闭评论", scope="write")
async def close(call: Call, msg_data_id: MsgDataId, index: Index = 0) -> Result:
    """Let nobody comment any more."""
    await comment.close_comments(call.client, msg_data_id, index=index)
    return Result("评论已关闭。", {"msg_data_id": msg_data_id, "index": index})


@tool.action("markelect", "标为精选", scope="write")
async def markelect(
    call: Call, msg_data_id: MsgDataId, user_comment_id: CommentId, index: Index = 0
) -> Result:
    """Select a comment."""
    await comment.mark_elect(call.client, msg_data_id, user_comment_id, index=index)
    return Result(f"评论 {user_comment_id} 已标为精选。", {"user_comment_id": user_comment_id})


@tool.action("unmarkelect", "取消精选", scope="write")
async def unmarkelect(
    call: Call, msg_data_id: MsgDataId, user_comment_id: CommentId, index: Index = 0
) -> Result:
    """Take a comment out of the selection."""
    await comment.unmark_elect(call.client, msg_data_id, user_comment_id, index=index)
    return Result(f"评论 {user_comment_id} 已取消精选。", {"user_comment_id": user_comment_id})


@tool.action("reply", "回复评论（所有读者可见）", scope="publish", given=("content",))
async def reply(
    call: Call,
    msg_data_id: MsgDataId,
    user_comment_id: CommentId,
    content: Annotated[str, Field(description="回复的内容", min_length=1, max_length=600)],
    index: Index = 0,
) -> Result:
    """Reply to a comment."""
    await comment.reply(call.client, msg_data_id, user_comment_id, content, index=index)
    return Result(f"已回复评论 {user_comment_id}。", {"user_comment_id": user_comment_id})


@tool.action("delete", "删除评论（不能恢复）", scope="write", destructive=True)
async def delete(call: Call, msg_data_id: MsgDataId, user_comment_id: CommentId, index: Index = 0) -> Result:
    """Delete a comment for good."""
    await comment.delete(call.client, msg_data_id, user_comment_id, index=index)
    return Result(f"已删除评论 {user_comment_id}。", {"user_comment_id": user_comment_id})


@tool.action("delete_reply", "删除回复", scope="write", destructive=True)
async def delete_reply(
    call: Call, msg_data_id: MsgDataId, user_comment_id: CommentId, index: Index = 0
) -> Result:
    """Delete the reply to a comment."""
    await comment.delete_reply(call.client, msg_data_id, user_comment_id, index=index)
    return Result(f"已删除对评论 {user_comment_id} 的回复。", {"user_comment_id": user_comment_id})
