"""Permanent material (永久素材): the account's library of pictures, voices, videos and thumbs."""

from __future__ import annotations

import json
from typing import Any, Literal, NamedTuple, TypedDict, cast

from . import limits
from .client import Download, WeChatClient
from .media import MediaType, check_file

ListedType = Literal["image", "voice", "video", "news"]


class AddedMaterial(NamedTuple):
    """A file in the account's library."""

    media_id: str
    url: str = ""
    """A picture's address, which works on Tencent's own pages only."""
    warnings: tuple[str, ...] = ()


class MaterialCount(TypedDict):
    """How much there is of each type (获取永久素材总数)."""

    voice_count: int
    video_count: int
    image_count: int
    news_count: int


class Material(TypedDict, total=False):
    """One entry of the list; ``content`` only for news, ``url`` only for pictures."""

    media_id: str
    name: str
    update_time: int
    url: str
    content: dict[str, Any]


class MaterialPage(TypedDict):
    """One page of the list (获取永久素材列表)."""

    total_count: int
    item_count: int
    item: list[Material]


async def add(
    client: WeChatClient,
    media_type: MediaType,
    data: bytes,
    *,
    filename: str,
    content_type: str,
    title: str = "",
    introduction: str = "",
) -> AddedMaterial:
    """Put a file into the library (新增永久素材); a video needs a title.

    The library holds 100 000 pictures and 1000 of each other type. Raises LimitError as
    ``media.check_file`` does; WeChatError: 40005, 40006, 40009 to 40012, 45001, 45007; UnknownOutcome when
    the library may have it already.
    """
    warnings = check_file(media_type, data, content_type, permanent=True)
    form = None
    if media_type == "video":
        limits.require(title.strip(), "视频素材要有标题 title")
        # A field of the form, not of the query, where other software has put it.
        form = {"description": json.dumps({"title": title, "introduction": introduction}, ensure_ascii=False)}
    answer = await client.upload(
        "/cgi-bin/material/add_material",
        {"type": media_type},
        field="media",
        filename=filename,
        data=data,
        content_type=content_type,
        form=form,
        expects="media_id",
    )
    return AddedMaterial(str(answer["media_id"]), str(answer.get("url", "")), tuple(warnings))


async def get(client: WeChatClient, media_id: str) -> Download:
    """Fetch one (获取永久素材): a file; in ``data`` a video's title, description, ``down_url``; or news.

    Raises WeChatError: 40007.
    """
    return await client.download("/cgi-bin/material/get_material", payload={"media_id": media_id})


async def delete(client: WeChatClient, media_id: str) -> None:
    """Delete one for good (删除永久素材). Raises WeChatError: 40007, 48005 (a menu or a reply uses it)."""
    await client.post_json("/cgi-bin/material/del_material", {"media_id": media_id})


async def batchget(
    client: WeChatClient, media_type: ListedType, *, offset: int = 0, count: int = 20
) -> MaterialPage:
    """Return 1 to 20 entries from ``offset`` on, newest first (获取永久素材列表)."""
    limits.between("count", count, 1, 20)
    limits.require(offset >= 0, "offset 不能小于 0")
    payload = {"type": media_type, "offset": offset, "count": count}
    return cast(
        MaterialPage,
        await client.post_json(
            "/cgi-bin/material/batchget_material", payload, idempotent=True, expects="item"
        ),
    )


async def count(client: WeChatClient) -> MaterialCount:
    """Return how many there are of each type (获取永久素材总数)."""
    return cast(
        MaterialCount, await client.get_json("/cgi-bin/material/get_materialcount", expects="image_count")
    )
