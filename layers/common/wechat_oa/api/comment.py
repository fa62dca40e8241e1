"""Comments under articles (留言管理). An article is named by msg_data_id and index, the first is 0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, TypedDict, cast

from . import limits
from .client import WeChatClient

MAX_COUNT = 49
"""WeChat refuses 50."""
ALL: Final = 0
ORDINARY: Final = 1
SELECTED: Final = 2
"""Which comments to list: all, ordinary (普通) or selected (精选) ones."""


class CommentReply(TypedDict):
    """The account's reply."""

    content: str
    create_time: int


class Comment(TypedDict, total=False):
    """One comment."""

    user_comment_id: int
    openid: str
    """Only of who wrote as a WeChat user."""
    create_time: int
    content: str
    comment_type: int
    """1 when it is selected."""
    reply: CommentReply


class CommentPage(TypedDict):
    """One page of comments."""

    total: int
    comment: list[Comment]


async def open_comments(client: WeChatClient, msg_data_id: int, *, index: int = 0) -> None:
    """Let readers comment (打开已群发文章评论). Raises WeChatError: 88000 (no such right), 88001."""
    await _post(client, "open", msg_data_id, index, idempotent=True)


async def close_comments(client: WeChatClient, msg_data_id: int, *, index: int = 0) -> None:
    """Let nobody comment any more (关闭已群发文章评论). Raises WeChatError: 88000, 88001."""
    await _post(client, "close", msg_data_id, index, idempotent=True)


async def list_comments(
    client: WeChatClient,
    msg_data_id: int,
    *,
    index: int = 0,
    begin: int = 0,
    count: int = MAX_COUNT,
    kind: Literal[0, 1, 2] = 0,
) -> CommentPage:
    """Return up to 49 comments from ``begin`` on (查看指定文章的评论数据); ``kind`` ALL, ORDINARY, SELECTED.

    Raises LimitError, and WeChatError: 88000, 88001, 88010.
    """
    limits.between("count", count, 1, MAX_COUNT)
    more = {"begin": begin, "count": count, "type": kind}
    answer = await _post(client, "list", msg_data_id, index, more, idempotent=True)
    return {"total": int(answer.get("total", 0)), "comment": cast(list[Comment], answer.get("comment", []))}


async def mark_elect(client: WeChatClient, msg_data_id: int, user_comment_id: int, *, index: int = 0) -> None:
    """Select a comment (将评论标记精选). Raises WeChatError: 88003 (as many as may be), 88004, 88008."""
    await _on_comment(client, "markelect", msg_data_id, index, user_comment_id, idempotent=True)


async def unmark_elect(
    client: WeChatClient, msg_data_id: int, user_comment_id: int, *, index: int = 0
) -> None:
    """Take a comment out of the selection (将评论取消精选). Raises WeChatError: 88008."""
    await _on_comment(client, "unmarkelect", msg_data_id, index, user_comment_id, idempotent=True)


async def delete(client: WeChatClient, msg_data_id: int, user_comment_id: int, *, index: int = 0) -> None:
    """Delete a comment for good (删除评论). Raises WeChatError: 88008."""
    await _on_comment(client, "delete", msg_data_id, index, user_comment_id)


async def reply(
    client: WeChatClient, msg_data_id: int, user_comment_id: int, content: str, *, index: int = 0
) -> None:
    """Reply to a comment (回复评论). Raises WeChatError: 88005 (replied already), 88007, 88008, 87009."""
    limits.require(content.strip(), "回复不能为空")
    more = {"user_comment_id": user_comment_id, "content": content}
    await _post(client, "reply/add", msg_data_id, index, more)


async def delete_reply(
    client: WeChatClient, msg_data_id: int, user_comment_id: int, *, index: int = 0
) -> None:
    """Delete the reply to a comment (删除回复). Raises WeChatError: 88008, 88009."""
    await _on_comment(client, "reply/delete", msg_data_id, index, user_comment_id)


async def _on_comment(
    client: WeChatClient,
    action: str,
    msg_data_id: int,
    index: int,
    user_comment_id: int,
    *,
    idempotent: bool = False,
) -> None:
    more = {"user_comment_id": user_comment_id}
    await _post(client, action, msg_data_id, index, more, idempotent=idempotent)


async def _post(
    client: WeChatClient,
    action: str,
    msg_data_id: int,
    index: int,
    more: Mapping[str, Any] | None = None,
    *,
    idempotent: bool = False,
) -> dict[str, Any]:
    limits.require(index >= 0, "index 从 0 开始")
    payload = {"msg_data_id": msg_data_id, "index": index, **(more or {})}
    return await client.post_json(f"/cgi-bin/comment/{action}", payload, idempotent=idempotent)
