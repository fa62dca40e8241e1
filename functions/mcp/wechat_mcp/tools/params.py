"""Parameters that several tools take, with what they mean in Chinese."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

MediaId = Annotated[str, Field(description="素材或草稿的 media_id", min_length=1, max_length=128)]
MediaType = Annotated[
    Literal["image", "voice", "video", "thumb"],
    Field(description="素材类型：image 图片、voice 语音、video 视频、thumb 缩略图"),
]
FileName = Annotated[str, Field(description="文件名，微信按它的扩展名认类型", max_length=200)]
Offset = Annotated[int, Field(description="从第几条开始，0 是最新的一条", ge=0)]
Count = Annotated[int, Field(description="取几条，1 到 20", ge=1, le=20)]
NoContent = Annotated[bool, Field(description="不要正文，只要标题等（省很多字）")]
Openid = Annotated[str, Field(description="粉丝的 openid", min_length=1, max_length=128)]
Openids = Annotated[list[str], Field(description="粉丝的 openid 列表")]
Json = dict[str, Any]
