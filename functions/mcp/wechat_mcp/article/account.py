"""An account of WeChat's, as the saving of drafts asks of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from wechat_oa.api import draft, material, media
from wechat_oa.api.article import Article
from wechat_oa.api.client import WeChatClient

from .drafting import ListedDraft


class WeChatAccount:
    """Does what ``drafting.Account`` says, with WeChat's API."""

    def __init__(self, client: WeChatClient) -> None:
        """``client`` is the account's."""
        self._client = client

    async def upload_image(self, data: bytes, *, filename: str, content_type: str) -> str:
        """Upload a picture for the inside of articles, and return its address."""
        uploaded = await media.upload_article_image(
            self._client, data, filename=filename, content_type=content_type
        )
        return uploaded.url

    async def add_material(self, data: bytes, *, filename: str, content_type: str) -> tuple[str, str]:
        """Add a picture to the permanent material, and return its media_id and its address."""
        added = await material.add(self._client, "image", data, filename=filename, content_type=content_type)
        return added.media_id, added.url

    async def add_draft(self, article: Mapping[str, Any]) -> str:
        """Make a draft of one article, and return its media_id. Raises LimitError too."""
        return (await draft.add(self._client, [cast(Article, article)])).media_id

    async def update_draft(self, media_id: str, article: Mapping[str, Any]) -> None:
        """Replace a draft's first article. Raises LimitError too."""
        await draft.update(self._client, media_id, cast(Article, article))

    async def list_drafts(self, *, offset: int, count: int) -> Sequence[ListedDraft]:
        """Return drafts without their content."""
        page = await draft.batchget(self._client, offset=offset, count=count, no_content=True)
        return [
            ListedDraft(
                item["media_id"],
                int(item.get("update_time", 0)),
                cast(Sequence[Mapping[str, Any]], item["content"].get("news_item", [])),
            )
            for item in page["item"]
        ]
