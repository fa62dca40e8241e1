"""wechat_draft: articles before they are published."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

from wechat_mcp.services import MAX_FILE_BYTES
from wechat_mcp.tooling.arguments import deep_snake
from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Refused, Result
from wechat_mcp.tools.article import save
from wechat_mcp.tools.article_input import ArticleInput
from wechat_mcp.tools.params import Count, MediaId, NoContent, Offset
from wechat_oa.api import draft
from wechat_oa.api.article import Article

tool = Declared(
    "wechat_draft",
    "草稿箱",
    "图文草稿：新建、查看、修改、删除、列表、统计。一份草稿可以有 1 到 8 篇文章：news 普通图文（要有封面 "
    "thumb_media_id，永久素材），newspic 贴图（图片在 image_info.image_list）。发布用 wechat_publish。"
    "从 Markdown 来用 wechat_article，这里的 markdown 也是它。",
)


class ArticleFields(BaseModel):
    """One article, as people write it; what is left out is not sent."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    title: str = Field(default="", description="标题，32 字以内")
    content: str = Field(
        default="", description="正文 HTML，2 万字以内；图片地址要来自 wechat_upload_img。newspic 是纯文本"
    )
    thumb_media_id: str = Field(
        default="", description="封面图片的永久素材 media_id（也可以写 cover_media_id）"
    )
    author: str = Field(default="", description="作者，16 字以内")
    digest: str = Field(default="", description="摘要，120 字以内；不填取正文开头")
    content_source_url: str = Field(default="", description="「阅读原文」的地址")
    article_type: Literal["news", "newspic"] = Field(default="news", description="news 图文，newspic 贴图")
    need_open_comment: bool = Field(default=False, description="打开评论")
    only_fans_can_comment: bool = Field(default=False, description="只有粉丝可以评论")
    show_cover_pic: bool = Field(default=False, description="旧字段，微信已不用")
    pic_crop_235_1: str = Field(default="", description="封面 2.35:1 的裁剪 X1_Y1_X2_Y2")
    pic_crop_1_1: str = Field(default="", description="封面 1:1 的裁剪 X1_Y1_X2_Y2")
    image_info: dict[str, Any] = Field(
        default={}, description='newspic 的图片：{"image_list": [{"image_media_id": "…"}]}'
    )
    cover_info: dict[str, Any] = Field(default={}, description='封面裁剪：{"crop_percent_list": […]}')
    product_info: dict[str, Any] = Field(default={}, description="文末的商品")

    @model_validator(mode="before")
    @classmethod
    def _names(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        plain = deep_snake(value)
        # What draft/get returns beside what draft/add takes.
        return {
            name: each
            for name, each in plain.items()
            if name not in ("url", "thumb_url", "is_deleted") and each is not None
        }

    def article(self) -> Article:
        """Return what was given, as WeChat's API takes it."""
        return cast(Article, {name: getattr(self, name) for name in self.model_fields_set})


ArticleParameter = Annotated[ArticleFields, Field(description="一篇文章")]
ArticlesParameter = Annotated[
    list[ArticleFields], Field(description="1 到 8 篇文章，每篇的字段同 article", max_length=8)
]
Markdown = Annotated[
    str,
    Field(
        description="一篇文章的 Markdown：排版、图片、封面都由服务器做好，同 wechat_article 的 draft",
        max_length=MAX_FILE_BYTES,
    ),
]
Index = Annotated[int, Field(description="第几篇，第一篇是 0", ge=0)]


@tool.action("add", "新建", scope="write", given=("article", "articles", "markdown"), also=("create",))
async def add(
    call: Call,
    article: ArticleParameter = ArticleFields(),
    articles: ArticlesParameter = [],
    markdown: Markdown = "",
) -> Result:
    """Make a draft."""
    given = _articles(article, articles)
    if markdown:
        if given:
            raise Refused("markdown 和 article、articles 只给一个。")
        return await save(call, ArticleInput(markdown=markdown))
    if not given:
        raise Refused(
            '没有文章。请给 article={"title": "…", "content": "…", "thumb_media_id": "…"}，或者 articles=[…'
            "]，或者 markdown。"
        )
    added = await draft.add(call.client, given)
    titles = "、".join(f"《{each['title']}》" for each in given)
    notes = "".join(f"注意：{each}。" for each in added.warnings)
    return Result(
        f"草稿已建好：{titles}。media_id：{added.media_id}。{notes}",
        {"media_id": added.media_id, "articles": len(given), "warnings": list(added.warnings)},
    )


@tool.action("update", "修改其中一篇（整篇替换，没给的字段保持原样）", scope="write")
async def update(
    call: Call,
    media_id: MediaId,
    index: Index = 0,
    article: ArticleParameter = ArticleFields(),
    articles: ArticlesParameter = [],
) -> Result:
    """Replace articles, each with what was not given as it was."""
    given = _articles(article, articles)
    if not given:
        raise Refused("没有要改的内容。请给 article，里面写要改的字段。")
    # Read even in a dry run: what is sent depends on it, and nothing changes by it.
    before = (await draft.get(call.services.client(), media_id)).get("news_item", [])
    warnings: list[str] = []
    for number, changes in enumerate(given, index):
        if number >= len(before):
            raise Refused(f"这份草稿只有 {len(before)} 篇，没有 index={number}（第一篇是 0）。")
        kept = ArticleFields.model_validate(_sendable(before[number])).article()
        warnings += await draft.update(
            call.client, media_id, cast(Article, {**kept, **changes}), index=number
        )
    notes = "".join(f"注意：{each}。" for each in warnings)
    return Result(
        f"草稿已改好（{len(given)} 篇）。{notes}",
        {"media_id": media_id, "index": index, "updated": len(given), "warnings": warnings},
    )


@tool.action("get", "看一份", scope="read", given=("media_id",))
async def get(call: Call, media_id: MediaId, no_content: NoContent = False) -> Result:
    """Show one."""
    content = await draft.get(call.client, media_id)
    items = [_slim(each) if no_content else dict(each) for each in content.get("news_item", [])]
    titles = "、".join(f"《{each.get('title', '')}》" for each in items)
    return Result(f"草稿 {media_id}：{titles}。", {**content, "media_id": media_id, "news_item": items})


@tool.action("delete", "删除一份（不能恢复）", scope="write", destructive=True)
async def delete(call: Call, media_id: MediaId) -> Result:
    """Delete one for good."""
    await draft.delete(call.client, media_id)
    return Result(f"已删除草稿 {media_id}。", {"media_id": media_id})


@tool.action("list", "列表", scope="read")
async def list_(call: Call, offset: Offset = 0, count: Count = 20, no_content: NoContent = True) -> Result:
    """One page."""
    page = await draft.batchget(call.client, offset=offset, count=count, no_content=no_content)
    lines = [_line(item["media_id"], item["content"].get("news_item", [])) for item in page["item"]]
    return Result(
        "\n".join([f"草稿共 {page['total_count']} 份，这里是 {len(page['item'])} 份。", *lines]), dict(page)
    )


@tool.action("count", "数量", scope="read")
async def count_(call: Call) -> Result:
    """How many there are."""
    number = await draft.count(call.client)
    return Result(f"草稿箱里有 {number} 份草稿。", {"total_count": number})


@tool.action("switch", "草稿箱开关（微信已废弃：对所有账号都是打开的）", scope="write")
async def switch(
    call: Call,
    checkonly: Annotated[bool, Field(description="true 只查看，false 打开（不能再关）")] = True,
) -> Result:
    """Whether the draft box is on."""
    client = call.services.client() if checkonly else call.client
    on = await draft.switch(client, checkonly=checkonly)
    return Result(
        f"草稿箱{'已打开' if on else '没有打开'}。（这个接口微信已废弃，所有账号都已打开。）", {"is_open": on}
    )


def _articles(article: ArticleFields, articles: list[ArticleFields]) -> list[Article]:
    single = [article] if article.model_fields_set else []
    if single and articles:
        raise Refused("article 和 articles 只给一个：一篇用 article，多篇用 articles。")
    return [each.article() for each in (single or articles)]


def _sendable(article: Any) -> dict[str, Any]:
    return {name: value for name, value in article.items() if name in ArticleFields.model_fields}


def _slim(article: Any) -> dict[str, Any]:
    return {name: value for name, value in article.items() if name != "content"}


def _line(media_id: str, articles: list[Article]) -> str:
    return f"- {'、'.join(each.get('title', '') for each in articles) or '（无标题）'}  {media_id}"
