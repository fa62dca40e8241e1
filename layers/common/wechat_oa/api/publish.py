"""Publishing (发布能力): an article gets an address of its own, but nobody is told of it.

Since July 2025 only verified accounts may (48001).
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypedDict, cast

from . import limits
from .client import WeChatClient
from .draft import NewsContent

PUBLISHING = 1
STATUS = {
    0: "发布成功",
    1: "发布中",
    2: "原创失败",
    3: "常规失败",
    4: "平台审核不通过",
    5: "成功后用户删除了所有文章",
    6: "成功后系统封禁了所有文章",
}
"""What publish_status means."""


class PublishJob(NamedTuple):
    """A publication that WeChat has taken on, and tells the end of (PUBLISHJOBFINISH)."""

    publish_id: str
    msg_data_id: str
    """Names the articles in comments and statistics; empty where WeChat does not say."""


class PublishStatus(TypedDict, total=False):
    """How far a publication is (发布状态查询)."""

    publish_id: str
    publish_status: int
    """A key of STATUS."""
    article_id: str
    article_detail: dict[str, Any]
    """``{"count": 1, "item": [{"idx": 1, "article_url": …}]}``, after success."""
    fail_idx: list[int]
    """Which articles failed, the first is 1."""


class PublishedItem(TypedDict):
    """One publication of the list."""

    article_id: str
    content: NewsContent
    update_time: int


class PublishedPage(TypedDict):
    """One page of the list (获取已发布的消息列表)."""

    total_count: int
    item_count: int
    item: list[PublishedItem]


async def submit(client: WeChatClient, media_id: str) -> PublishJob:
    """Publish a draft (发布草稿): the job takes a while, and the draft is gone after it.

    Raises WeChatError: 48001, 53503 (fails the check), 53504 and 53505 (only by hand); UnknownOutcome when it
    may be on its way: look with ``batchget`` before it is submitted again.
    """
    answer = await client.post_json(
        "/cgi-bin/freepublish/submit", {"media_id": media_id}, expects="publish_id"
    )
    # A string in WeChat's documentation, a number in some of its answers.
    return PublishJob(str(answer["publish_id"]), str(answer.get("msg_data_id", "")))


async def get(client: WeChatClient, publish_id: str) -> PublishStatus:
    """Return how far a publication is (发布状态查询). Raises WeChatError: 53502 (no such publication)."""
    answer = await client.post_json(
        "/cgi-bin/freepublish/get", {"publish_id": publish_id}, idempotent=True, expects="publish_status"
    )
    return cast(PublishStatus, {**answer, "publish_id": str(answer.get("publish_id", publish_id))})


async def delete(client: WeChatClient, article_id: str, *, index: int = 0) -> None:
    """Delete a published article for good (删除发布文章): the first is 1, and 0 all of them.

    Raises WeChatError: 53600 (no such article).
    """
    limits.require(index >= 0, "index 从 1 开始，0 表示全部")
    payload = {"article_id": article_id} | ({"index": index} if index else {})
    await client.post_json("/cgi-bin/freepublish/delete", payload)


async def getarticle(client: WeChatClient, article_id: str) -> NewsContent:
    """Return a publication's articles (获取已发布图文信息). Raises WeChatError: 53600."""
    answer = await client.post_json(
        "/cgi-bin/freepublish/getarticle", {"article_id": article_id}, idempotent=True, expects="news_item"
    )
    return cast(NewsContent, answer)


async def batchget(
    client: WeChatClient, *, offset: int = 0, count: int = 20, no_content: bool = False
) -> PublishedPage:
    """Return 1 to 20 publications from ``offset`` on (获取已发布的消息列表)."""
    limits.between("count", count, 1, 20)
    limits.require(offset >= 0, "offset 不能小于 0")
    payload = {"offset": offset, "count": count, "no_content": int(no_content)}
    answer = await client.post_json("/cgi-bin/freepublish/batchget", payload, idempotent=True, expects="item")
    return cast(PublishedPage, answer)
