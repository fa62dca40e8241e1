"""Downloaded media as a tool returns it: shown where it can be shown, else told about."""

from __future__ import annotations

import base64
from typing import Any

from mcp_types import AudioContent, ContentBlock, ImageContent

from wechat_mcp.tooling.results import Result
from wechat_oa.api.client import Download

MOST_BYTES = 3 << 20
"""What fits, as base64, into an answer of Lambda's (6 MB) with room to spare."""


def shown(download: Download, media_id: str) -> Result:
    """Return the result for a file, or for the JSON that came in its place."""
    if download.data is not None:
        data: dict[str, Any] = {"media_id": media_id, **download.data}
        address = data.get("video_url") or data.get("down_url")
        if address:
            return Result(f"视频的下载地址（会过期）：{address}", data)
        count = len(data.get("news_item", []))
        return Result(f"图文素材，共 {count} 篇。" if count else "素材的内容见下。", data)
    size, kind = len(download.content), download.content_type
    data = {"media_id": media_id, "file_name": download.filename, "content_type": kind, "bytes": size}
    if size > MOST_BYTES:
        return Result(f"文件 {size} 字节（{kind}），太大，不能放进回答里。", data)
    encoded = base64.b64encode(download.content).decode()
    blocks: list[ContentBlock] = []
    if kind.startswith("image/"):
        blocks = [ImageContent(type="image", data=encoded, mime_type=kind)]
    elif kind.startswith("audio/"):
        blocks = [AudioContent(type="audio", data=encoded, mime_type=kind)]
    else:
        data["file_data"] = encoded
    return Result(f"已取到文件：{kind}，{size} 字节。", data, blocks)
