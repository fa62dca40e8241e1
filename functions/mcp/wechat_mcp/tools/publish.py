"""wechat_publish: drafts made public, and what has been."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from pydantic import Field

from wechat_mcp.services import McpServices
from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Result
from wechat_mcp.tools.params import Count, NoContent, Offset
from wechat_oa.api import publish
from wechat_oa.api.errors import WeChatError
from wechat_oa.store.table import StoreError

log = logging.getLogger(__name__)

tool = Declared(
    "wechat_publish",
    "发布",
    "发布草稿（只有已认证的公众号和服务号可以，否则 48001）、查看进度、列出和删除已发布的文章。"
    "发布后文章有了自己的地址，但不会推送给粉丝，也不会出现在主页；要推送用 wechat_mass。",
)

WAIT_SECONDS = 20
"""The API in front of a hosted server ends a request at 30 seconds."""
_POLL = 2.0
_KEPT = 30 * 24 * 3600
_NOT_ALLOWED = 48001

DraftId = Annotated[str, Field(description="草稿的 media_id", min_length=1, max_length=128)]
PublishId = Annotated[str, Field(description="发布任务的 publish_id", min_length=1, max_length=128)]
ArticleId = Annotated[str, Field(description="已发布文章的 article_id", min_length=1, max_length=128)]
Wait = Annotated[bool, Field(description=f"等到有结果再回答，最多 {WAIT_SECONDS} 秒")]


@tool.action(
    "submit",
    "发布草稿",
    scope="publish",
    given=("media_id",),
    warns="将发布草稿 {media_id}：发布后所有人都能看到，草稿会消失，不能撤回（只能删除文章）。",
)
async def submit(call: Call, media_id: DraftId, wait: Wait = False) -> Result:
    """Publish a draft, and note the job."""
    try:
        job = await publish.submit(call.client, media_id)
    except WeChatError as error:
        if error.errcode == _NOT_ALLOWED:
            _note_permission(call.services, allowed=False)
        raise
    now = int(call.services.clock())
    noted = {"media_id": media_id, "submitted_at": now, "ttl": now + _KEPT}
    try:
        # WeChat's own word on how it ended is beside this, whichever comes first.
        call.services.table.update(f"publish#{job.publish_id}", "-", set=noted)
        _note_permission(call.services, allowed=True)
    except StoreError as error:
        log.warning("publish job not noted: %s", error)
    if wait:
        return await status(call, job.publish_id, seconds=WAIT_SECONDS)
    return Result(
        f'已提交发布，publish_id：{job.publish_id}。一般几秒到几分钟，用 action="get" 查看进度。',
        {
            "publish_id": job.publish_id,
            "msg_data_id": job.msg_data_id,
            "publish_status": publish.PUBLISHING,
            "media_id": media_id,
        },
    )


@tool.action("get", "查看发布进度", scope="read", given=("publish_id",), also=("status",))
async def get(call: Call, publish_id: PublishId, wait: Wait = False) -> Result:
    """How far a publication is."""
    return await status(call, publish_id, seconds=WAIT_SECONDS if wait else 0)


@tool.action(
    "delete",
    "删除已发布的文章",
    scope="publish",
    warns="将删除已发布的文章 {article_id}（index={index}，0 表示全部）：读者再也打不开，不能恢复。",
)
async def delete(
    call: Call,
    article_id: ArticleId,
    index: Annotated[int, Field(description="第几篇，第一篇是 1；0 或不填是全部", ge=0)] = 0,
) -> Result:
    """Delete a published article for good."""
    await publish.delete(call.client, article_id, index=index)
    which = f"第 {index} 篇" if index else "全部文章"
    return Result(f"已删除 {article_id} 的{which}。", {"article_id": article_id, "index": index})


@tool.action("getarticle", "看已发布的文章", scope="read", given=("article_id",))
async def getarticle(call: Call, article_id: ArticleId, no_content: NoContent = False) -> Result:
    """Show a published article."""
    content = await publish.getarticle(call.client, article_id)
    items: list[dict[str, Any]] = [dict(each) for each in content.get("news_item", [])]
    if no_content:
        items = [{name: value for name, value in each.items() if name != "content"} for each in items]
    lines = [f"- {each.get('title', '')}  {each.get('url', '')}" for each in items]
    return Result(
        "\n".join([f"文章 {article_id} 共 {len(items)} 篇。", *lines]),
        {"article_id": article_id, "news_item": items},
    )


@tool.action("list", "列出已发布的", scope="read")
async def list_(call: Call, offset: Offset = 0, count: Count = 20, no_content: NoContent = True) -> Result:
    """One page of what is published."""
    page = await publish.batchget(call.client, offset=offset, count=count, no_content=no_content)
    lines = []
    for item in page["item"]:
        articles = item["content"].get("news_item", [])
        titles = "、".join(each.get("title", "") for each in articles)
        lines.append(f"- {titles or '（无标题）'}  {item['article_id']}")
    return Result(
        "\n".join([f"已发布 {page['total_count']} 条，这里是 {len(page['item'])} 条。", *lines]), dict(page)
    )


async def status(call: Call, publish_id: str, *, seconds: float) -> Result:
    """Return how far a publication is, once it has ended or the seconds are over. Raises WeChatError."""
    services = call.services
    client = services.client()
    began = services.clock()
    while True:
        answer = await publish.get(client, publish_id)
        waited = services.clock() - began
        publishing = answer.get("publish_status") == publish.PUBLISHING
        if not publishing or waited + _POLL > seconds:
            break
        await call.report(waited, seconds, "发布中……")
        await services.sleep(_POLL)
    return _told(call, publish_id, dict(answer))


def refused_before(services: McpServices) -> bool:
    """Tell whether WeChat has lately refused to publish for this account (48001). Raises StoreError."""
    return services.table.get(*_permission(services)) is not None


def _note_permission(services: McpServices, *, allowed: bool) -> None:
    """Remember that the account may not publish, or forget it. A store that fails costs a warning only."""
    key = _permission(services)
    try:
        if not allowed:
            ttl = int(services.clock()) + _KEPT
            services.table.put({"pk": key[0], "sk": key[1], "ttl": ttl})
        elif services.table.get(*key):
            services.table.delete(*key)
    except StoreError as error:
        log.warning("permission to publish not noted: %s", error)


def _permission(services: McpServices) -> tuple[str, str]:
    return "publish_not_allowed", services.account().app_id


def _told(call: Call, publish_id: str, status: dict[str, Any]) -> Result:
    """What WeChat says, with what is known of the job from here."""
    noted = call.services.table.get(f"publish#{publish_id}", "-") or {}
    number = int(status.get("publish_status", publish.PUBLISHING))
    words = publish.STATUS.get(number, "未知状态")
    items = status.get("article_detail", {}).get("item", [])
    urls = [str(each.get("article_url")) for each in items] or list(noted.get("article_urls", []))
    data = {**status, "publish_id": publish_id, "status_text": words, "article_urls": urls}
    if noted.get("media_id"):
        data["media_id"] = noted["media_id"]
    text = f"发布任务 {publish_id}：{words}。"
    if number == 0:
        text += "".join(f"\n- {url}" for url in urls)
        text += f"\narticle_id：{status.get('article_id', '')}"
    elif number == publish.PUBLISHING:
        text += "过一会儿再查。"
    elif status.get("fail_idx"):
        text += f"没有通过的是第 {'、'.join(map(str, status['fail_idx']))} 篇。"
    return Result(text, data)
