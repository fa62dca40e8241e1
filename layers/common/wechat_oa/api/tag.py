"""Tags (用户标签): how an account sorts its followers, for menus and mass messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, cast

from . import limits
from .client import WeChatClient
from .user import OpenidPage, openid_page

_NAME_BYTES = 30
_BATCH = 50


class Tag(TypedDict, total=False):
    """A tag; 0, 1 and 2 are WeChat's own."""

    id: int
    name: str
    count: int
    """How many followers have it; only in the list."""


async def create(client: WeChatClient, name: str) -> Tag:
    """Make a tag of at most 30 UTF-8 bytes (创建标签).

    Raises LimitError; WeChatError: 45157 (there is one of this name), 45056 (100 already); UnknownOutcome
    when it may be there already.
    """
    _check_name(name)
    answer = await client.post_json("/cgi-bin/tags/create", {"tag": {"name": name}}, expects="tag")
    return cast(Tag, answer["tag"])


async def get(client: WeChatClient) -> list[Tag]:
    """Return all tags (获取标签)."""
    return cast(list[Tag], (await client.get_json("/cgi-bin/tags/get", expects="tags"))["tags"])


async def update(client: WeChatClient, tag_id: int, name: str) -> None:
    """Rename a tag (编辑标签). Raises LimitError, and WeChatError: 45157, 45058 (WeChat's own), 45159."""
    _check_name(name)
    await client.post_json("/cgi-bin/tags/update", {"tag": {"id": tag_id, "name": name}}, idempotent=True)


async def delete(client: WeChatClient, tag_id: int) -> None:
    """Delete a tag (删除标签). Raises WeChatError: 45057 (above 100 000 followers have it), 45058, 45159."""
    await client.post_json("/cgi-bin/tags/delete", {"tag": {"id": tag_id}})


async def members(client: WeChatClient, tag_id: int, *, next_openid: str = "") -> OpenidPage:
    """Return who has the tag, after ``next_openid`` (获取标签下粉丝列表). ``total`` is the page's."""
    payload = {"tagid": tag_id, "next_openid": next_openid}
    return openid_page(
        await client.post_json("/cgi-bin/user/tag/get", payload, idempotent=True, expects="count")
    )


async def tag_users(client: WeChatClient, tag_id: int, openids: Sequence[str]) -> None:
    """Give up to 50 followers the tag (批量为用户打标签). Raises WeChatError: 45059 (20 already), 45159."""
    await _batch(client, "batchtagging", tag_id, openids)


async def untag_users(client: WeChatClient, tag_id: int, openids: Sequence[str]) -> None:
    """Take the tag from up to 50 followers (批量为用户取消标签). Raises WeChatError: 45159."""
    await _batch(client, "batchuntagging", tag_id, openids)


async def of_user(client: WeChatClient, openid: str) -> list[int]:
    """Return the ids of a follower's tags (获取用户的标签列表)."""
    answer = await client.post_json(
        "/cgi-bin/tags/getidlist", {"openid": openid}, idempotent=True, expects="tagid_list"
    )
    return cast(list[int], answer["tagid_list"])


async def _batch(client: WeChatClient, action: str, tag_id: int, openids: Sequence[str]) -> None:
    limits.items("openid", openids, _BATCH)
    payload = {"tagid": tag_id, "openid_list": list(openids)}
    await client.post_json(f"/cgi-bin/tags/members/{action}", payload, idempotent=True)


def _check_name(name: str) -> None:
    limits.utf8_bytes("标签名", name, _NAME_BYTES, least=1)
