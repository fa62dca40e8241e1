"""wechat_permanent_media: the account's library."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from wechat_mcp.files import WAYS, GivenFile
from wechat_mcp.targets import MATERIAL, THUMB
from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Refused, Result
from wechat_mcp.tools.media_results import shown
from wechat_mcp.tools.params import Count, MediaId, Offset
from wechat_oa.api import material

tool = Declared(
    "wechat_permanent_media",
    "永久素材",
    "永久素材库：添加图片、语音、视频、缩略图（草稿的封面 thumb_media_id 就用这里的图片），查看、删除、列表"
    "、统计。"
    "过大或微信不收的图片会自动转换、压缩。",
)

AnyType = Annotated[
    Literal["image", "voice", "video", "thumb", "news"],
    Field(description="类型：image 图片、voice 语音、video 视频、thumb 缩略图；list 还可以是 news 图文"),
]
_PICTURES = {"image": MATERIAL, "thumb": THUMB}


@tool.action("add", "添加", scope="write", given=WAYS, also=("upload",))
async def add(
    call: Call,
    given: GivenFile,
    media_type: AnyType = "image",
    title: Annotated[str, Field(description="视频的标题（视频必填）", max_length=200)] = "",
    introduction: Annotated[str, Field(description="视频的简介", max_length=1000)] = "",
) -> Result:
    """Put a file into the library."""
    if media_type == "news":
        raise Refused("图文不再能直接加进素材库，请用 wechat_draft 建草稿。")
    file, changes = await given.bring(call.services, _PICTURES.get(media_type))
    added = await material.add(
        call.client,
        media_type,
        file.data,
        filename=file.filename,
        content_type=file.content_type,
        title=title,
        introduction=introduction,
    )
    changed = f"已转换：{changes}。" if changes else ""
    notes = "".join(f"注意：{each}。" for each in added.warnings)
    return Result(
        f"已加入永久素材。media_id：{added.media_id}。{changed}{notes}",
        {
            "media_id": added.media_id,
            "url": added.url,
            "media_type": media_type,
            "file_name": file.filename,
            "converted": changes,
        },
    )


@tool.action("get", "取回一个", scope="read", given=("media_id",))
async def get(call: Call, media_id: MediaId) -> Result:
    """Fetch one."""
    return shown(await material.get(call.client, media_id), media_id)


@tool.action("delete", "删除一个（不能恢复）", scope="write", destructive=True)
async def delete(call: Call, media_id: MediaId) -> Result:
    """Delete one for good."""
    await material.delete(call.client, media_id)
    return Result(f"已删除永久素材 {media_id}。", {"media_id": media_id})


@tool.action("list", "列表", scope="read")
async def list_(call: Call, media_type: AnyType = "image", offset: Offset = 0, count: Count = 20) -> Result:
    """One page of the library."""
    if media_type == "thumb":
        raise Refused("微信不能列出缩略图。media_type 可以是 image、voice、video、news。")
    page = await material.batchget(call.client, media_type, offset=offset, count=count)
    more = page["total_count"] - offset - len(page["item"])
    rest = f"，后面还有 {more} 个" if more > 0 else ""
    return Result(
        f"{media_type} 共 {page['total_count']} 个，这里是 {len(page['item'])} 个{rest}。", dict(page)
    )


@tool.action("count", "各类的数量", scope="read")
async def count_(call: Call) -> Result:
    """How much there is of each type."""
    counts = await material.count(call.client)
    return Result(
        f"图片 {counts['image_count']}、图文 {counts['news_count']}、语音 {counts['voice_count']}、"
        f"视频 {counts['video_count']}。",
        dict(counts),
    )
