"""An account's draft box and library, which can fail the way WeChat does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wechat_mcp.article.drafting import ListedDraft
from wechat_oa.api.errors import UnknownOutcome, WeChatError


class DraftBox:
    """Does what it is asked; ``before_add`` and ``after_add`` may raise."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.drafts: dict[str, tuple[int, dict[str, Any]]] = {}
        self.materials: dict[str, bytes] = {}
        self.images: list[bytes] = []
        self.calls: list[str] = []
        self.before_add: Callable[[], None] = lambda: None
        self.after_add: Callable[[], None] = lambda: None
        self._clock = clock
        self._made = 0

    async def upload_image(self, data: bytes, *, filename: str, content_type: str) -> str:
        self.calls.append("upload_image")
        self.images.append(data)
        return f"http://mmbiz.qpic.cn/{len(self.images)}"

    async def add_material(self, data: bytes, *, filename: str, content_type: str) -> tuple[str, str]:
        self.calls.append("add_material")
        media_id = f"material-{self._next()}"
        self.materials[media_id] = data
        return media_id, f"http://mmbiz.qpic.cn/{media_id}"

    async def add_draft(self, article: Mapping[str, Any]) -> str:
        self.calls.append("add_draft")
        self.before_add()
        self._check_cover(article)
        media_id = f"draft-{self._next()}"
        self.drafts[media_id] = (int(self._clock()), dict(article))
        self.after_add()
        return media_id

    async def update_draft(self, media_id: str, article: Mapping[str, Any]) -> None:
        self.calls.append("update_draft")
        if media_id not in self.drafts:
            raise WeChatError(40007, "invalid media_id", "/cgi-bin/draft/update")
        self._check_cover(article)
        self.drafts[media_id] = (int(self._clock()), dict(article))

    async def list_drafts(self, *, offset: int, count: int) -> Sequence[ListedDraft]:
        self.calls.append("list_drafts")
        listed = [ListedDraft(media_id, at, [article]) for media_id, (at, article) in self.drafts.items()]
        return listed[offset : offset + count]

    def _check_cover(self, article: Mapping[str, Any]) -> None:
        wanted = [article.get("thumb_media_id")] if article["article_type"] == "news" else []
        wanted += [image["image_media_id"] for image in article.get("image_info", {}).get("image_list", [])]
        if not all(media_id in self.materials for media_id in wanted):
            raise WeChatError(40007, "invalid media_id", "/cgi-bin/draft/add")

    def _next(self) -> int:
        self._made += 1
        return self._made


def lost() -> None:
    """Fail as a connection that breaks after the request was sent."""
    raise UnknownOutcome("/cgi-bin/draft/add", "连接中断")
