"""The draft box (草稿箱): where articles wait until they are published or sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypedDict, cast

from . import limits
from .article import Article, check_article, check_articles, on_the_wire
from .client import WeChatClient


class AddedDraft(NamedTuple):
    """A new draft."""

    media_id: str
    warnings: tuple[str, ...] = ()


class NewsContent(TypedDict, total=False):
    """The articles, and when the draft was made and changed (epoch seconds)."""

    news_item: list[Article]
    create_time: int
    update_time: int


class DraftItem(TypedDict):
    """One draft of the list."""

    media_id: str
    content: NewsContent
    update_time: int


class DraftPage(TypedDict):
    """One page of the list (获取草稿列表)."""

    total_count: int
    item_count: int
    item: list[DraftItem]


async def add(client: WeChatClient, articles: Sequence[Article]) -> AddedDraft:
    """Make a draft of 1 to 8 articles (新增草稿).

    Raises LimitError as ``check_articles`` does; WeChatError: 40007 (the cover is no permanent material),
    45003, 45004, 45166, 53404 to 53406, 88000; UnknownOutcome when the draft may be there already: look with
    ``batchget`` before it is made again.
    """
    warnings = check_articles(articles)
    payload = {"articles": [on_the_wire(article) for article in articles]}
    answer = await client.post_json("/cgi-bin/draft/add", payload, expects="media_id")
    return AddedDraft(str(answer["media_id"]), tuple(warnings))


async def get(client: WeChatClient, media_id: str) -> NewsContent:
    """Return a draft's articles (获取草稿详情). Raises WeChatError: 40007 (none, or published already)."""
    payload = {"media_id": media_id}
    answer = await client.post_json("/cgi-bin/draft/get", payload, idempotent=True, expects="news_item")
    return cast(NewsContent, answer)


async def update(client: WeChatClient, media_id: str, article: Article, *, index: int = 0) -> tuple[str, ...]:
    """Replace one article of a draft (更新草稿), the first is 0, and return the warnings.

    Raises LimitError as ``check_article`` does; WeChatError: 40114 (no such index), and those of ``add``.
    """
    limits.require(index >= 0, "index 从 0 开始")
    warnings = check_article(article)
    # One object under a name in the plural.
    payload = {"media_id": media_id, "index": index, "articles": on_the_wire(article)}
    await client.post_json("/cgi-bin/draft/update", payload, idempotent=True)
    return tuple(warnings)


async def delete(client: WeChatClient, media_id: str) -> None:
    """Delete a draft for good (删除草稿). Raises WeChatError: 40007."""
    await client.post_json("/cgi-bin/draft/delete", {"media_id": media_id})


async def batchget(
    client: WeChatClient, *, offset: int = 0, count: int = 20, no_content: bool = False
) -> DraftPage:
    """Return 1 to 20 drafts from ``offset`` on (获取草稿列表), if wanted without their content."""
    limits.between("count", count, 1, 20)
    limits.require(offset >= 0, "offset 不能小于 0")
    payload = {"offset": offset, "count": count, "no_content": int(no_content)}
    answer = await client.post_json("/cgi-bin/draft/batchget", payload, idempotent=True, expects="item")
    return cast(DraftPage, answer)


async def count(client: WeChatClient) -> int:
    """Return the number of drafts (获取草稿总数)."""
    return int((await client.get_json("/cgi-bin/draft/count", expects="total_count"))["total_count"])


async def switch(client: WeChatClient, *, checkonly: bool = True) -> bool:
    """Return whether the draft box is switched on; without ``checkonly``, switch it on (草稿箱开关设置).

    Deprecated by WeChat: it is on for every account, and there is no way back. Here for old callers.
    """
    params = {"checkonly": "1"} if checkonly else {}
    answer = await client.post_json("/cgi-bin/draft/switch", {}, params, idempotent=True)
    return bool(answer.get("is_open", 1))
