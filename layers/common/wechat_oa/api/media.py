"""Temporary media (临时素材): what followers send, and what replies refer to for three days."""

from __future__ import annotations

from .client import Download, WeChatClient


async def get_temporary(client: WeChatClient, media_id: str) -> Download:
    """Fetch a follower's image or voice, or anything uploaded in the last three days (获取临时素材).

    For a video there is no file but its address, in ``data["video_url"]``. Raises WeChatError (40007: the
    media_id is wrong or too old) and what the client raises.
    """
    return await client.download("/cgi-bin/media/get", {"media_id": media_id})
