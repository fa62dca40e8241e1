"""wechat_article: Markdown in, a draft or a published article out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Refused, Result
from wechat_mcp.tools import publish, static_page
from wechat_mcp.tools.article_input import ArticleInput, Source
from wechat_oa.api.errors import UnknownOutcome, WeChatError
from wechat_oa.api.publish import PUBLISHING
from wechat_oa.page_names import PageError

if TYPE_CHECKING:
    from wechat_mcp.article.drafting import Draft
    from wechat_mcp.article.result import Article

tool = Declared(
    "wechat_article",
    "文章",
    "Markdown 变成公众号文章，一次调用：排版、上传图片、配封面、存成草稿。"
    "同一篇文章再来一次，更新的是同一份草稿（按 front matter 的 id、文件路径、标题认）。"
    "先用 render 或 preview 看，再用 draft。",
)

_PUBLISHED_KEPT = 30 * 24 * 3600
ThemeName = Annotated[
    str, Field(description="自己的主题的名字：汉字、字母、数字、- 或 _", min_length=1, max_length=40)
]


@tool.action("render", "只排版：得到 HTML、摘要和要注意的事", scope="read", given=("markdown", "file_path"))
async def render(call: Call, given: ArticleInput) -> Result:
    """Show what the article would be."""
    _, article = await _rendered(call, given)
    warnings = _warnings(call, article)
    lines = [
        f"《{article.title}》{article.text_length} 字，{len(article.images)} 张图片。",
        f"摘要：{article.digest or article.summary}",
        *_listed(warnings),
    ]
    return Result("\n".join(lines), {**_about(article), "warnings": warnings, "html": article.html})


@tool.action("preview", "托管一个手机样子的预览页，得到链接（知道链接的人都能看）", scope="write")
async def preview(call: Call, given: ArticleInput) -> Result:
    """Host the article in a phone's frame."""
    source, article = await _rendered(call, given)
    pages = static_page.pages(call)
    warnings = _warnings(call, article)
    if call.dry_run:
        return Result(
            "预演：会托管一个预览页，不向微信发送任何东西。", {**_about(article), "warnings": warnings}
        )
    from wechat_mcp.article import serving  # noqa: PLC0415

    try:
        page, problems = await serving.previewed(call.services, pages, source, article)
    except PageError as error:
        raise Refused(f"{error}。") from None
    warnings += [{"code": "picture_missing", "text": text, "blocking": True} for text in problems]
    return Result(
        "\n".join([f"预览：{page.url}", *_listed(warnings)]),
        {**_about(article), "url": page.url, "filename": page.name, "warnings": warnings},
    )


@tool.action("draft", "存成草稿（图片、封面都传好）；已有这篇的草稿就更新它", scope="write", also=("save",))
async def draft(call: Call, given: ArticleInput) -> Result:
    """Save the article as a draft."""
    return await save(call, given)


@tool.action(
    "publish",
    "存成草稿并发布，等到有结果",
    scope="publish",
    warns="将把这篇文章存成草稿并马上发布：发布后所有人都能看到，不能撤回（只能删除文章）。",
)
async def publish_(call: Call, given: ArticleInput) -> Result:
    """Save the article, publish it, and wait. The same content is not published twice."""
    if call.dry_run:
        return await save(call, given)
    source, article = await _rendered(call, given)
    from wechat_mcp.article import serving  # noqa: PLC0415

    services = call.services
    began = services.clock()
    key = (f"published#{services.account().app_id}", await serving.content_mark(services, source, article))
    before = services.table.get(*key)
    if before and (told := await _published_before(call, dict(before))):
        return told
    saved = await serving.saved(services, source, article, call.report)
    noted = {"media_id": saved.media_id, "publish_id": None, "ttl": int(began) + _PUBLISHED_KEPT}
    unchanged = {name: (before or {}).get(name) for name in ("media_id", "publish_id")}
    if services.table.update(*key, set=noted, if_equals=unchanged) is None:
        raise Refused("这份内容正在别处发布，没有再发一次。请过一会儿用同样的参数再看。")
    try:
        job = await publish.submit(call, saved.media_id)
    except UnknownOutcome:
        raise
    except WeChatError as error:
        services.table.delete(*key)
        raise Refused(f"草稿已存好（media_id：{saved.media_id}），但没有发布：{error}") from error
    services.table.update(*key, set={"publish_id": job.data["publish_id"]})
    left = publish.WAIT_SECONDS - (services.clock() - began)
    status = await publish.status(call, str(job.data["publish_id"]), seconds=left)
    summary = f"《{article.title}》{status.summary}"
    return Result(summary, {**_saved(saved, article, _warnings(call, article)), **status.data})


@tool.action("themes", "有哪些主题", scope="read")
async def themes(call: Call) -> Result:
    """The themes: ours, and the owner's."""
    from wechat_mcp.article import serving  # noqa: PLC0415

    ours, own = serving.known_themes(call.services)
    lines = [f"- {each.name}（{each.title}）：{each.purpose}，主题色 {each.accent}" for each in ours]
    lines += [f"- {name}：自己的，建立在 {base} 上" for name, base in own]
    data = [
        {"name": each.name, "title": each.title, "purpose": each.purpose, "accent": each.accent}
        for each in ours
    ]
    mine = [{"name": name, "base": base} for name, base in own]
    return Result("\n".join(["主题：", *lines]), {"themes": data, "own_themes": mine})


@tool.action("save_theme", "把一段 CSS 存成自己的主题", scope="write")
async def save_theme(
    call: Call,
    theme_name: ThemeName,
    css: Annotated[str, Field(description="CSS", min_length=1, max_length=64 * 1024)],
    theme: Annotated[str, Field(description="建立在哪个自带主题上", max_length=40)] = "",
) -> Result:
    """Keep a theme of the owner's."""
    if call.dry_run:
        return Result(f"预演：会存下主题 {theme_name}，不向微信发送任何东西。")
    from wechat_mcp.article import serving  # noqa: PLC0415

    problems = serving.theme_saved(call.services, theme_name, css, theme)
    lines = [
        f"主题 {theme_name} 已存好，用 theme={theme_name} 就是它。",
        *(f"注意：{each}" for each in problems),
    ]
    return Result("\n".join(lines), {"theme": theme_name, "warnings": list(problems)})


@tool.action("delete_theme", "删除自己的主题", scope="write", destructive=True)
async def delete_theme(call: Call, theme_name: ThemeName) -> Result:
    """Forget a theme of the owner's."""
    if call.dry_run:
        return Result(f"预演：会删除主题 {theme_name}。")
    from wechat_mcp.article import serving  # noqa: PLC0415

    serving.theme_deleted(call.services, theme_name)
    return Result(f"已删除主题 {theme_name}。", {"theme": theme_name})


async def save(call: Call, given: ArticleInput) -> Result:
    """Save an article as a draft, the one that it has or a new one; in a dry run, say what would be done.

    Raises Refused, StoreError, and what WeChat's API raises.
    """
    source, article = await _rendered(call, given)
    warnings = _warnings(call, article)
    if call.dry_run:
        cover = "文章里的图片" if article.cover else "用标题画一张"
        lines = [
            f"预演，没有发送：会上传 {len(article.images)} 张图片（传过的不再传），封面是{cover}，"
            f"把《{article.title}》存成草稿。",
            *_listed(warnings),
        ]
        return Result("\n".join(lines), {**_about(article), "warnings": warnings})
    from wechat_mcp.article import serving  # noqa: PLC0415

    saved = await serving.saved(call.services, source, article, call.report)
    done = "草稿已建好" if saved.created else "草稿已更新"
    lines = [
        f"{done}：《{article.title}》，{saved.images} 张图片。media_id：{saved.media_id}",
        *_listed(warnings),
    ]
    return Result("\n".join(lines), _saved(saved, article, warnings))


async def _published_before(call: Call, before: dict[str, Any]) -> Result | None:
    """How an earlier publication of the very same content went; None: it failed, and may be tried again."""
    if not before.get("publish_id"):
        raise Refused(
            "上次提交发布这份内容之后没有得到微信的回答，可能已经发布了。请先看 "
            'wechat_publish(action="list")；确实没有，就用 wechat_publish(action="submit", '
            f'media_id="{before["media_id"]}") 发布那份草稿。'
        )
    status = await publish.status(call, str(before["publish_id"]), seconds=publish.WAIT_SECONDS)
    if status.data.get("publish_status") not in (0, PUBLISHING):
        return None
    return Result(
        f"这份内容之前已经提交发布，没有再发一次。{status.summary}", {**status.data, "repeated": True}
    )


async def _rendered(call: Call, given: ArticleInput) -> tuple[Source, Article]:
    source = given.source(call.services)
    from wechat_mcp.article import serving  # noqa: PLC0415

    return source, await serving.rendered(call.services, source, given)


def _warnings(call: Call, article: Article) -> list[dict[str, Any]]:
    found = [{"code": each.code, "text": each.text, "blocking": each.blocking} for each in article.warnings]
    if publish.refused_before(call.services):
        text = "微信最近拒绝过这个账号用接口发布（48001）：存成草稿之后，请到公众平台后台手动发布。"
        found.append({"code": "publish_not_allowed", "text": text, "blocking": False})
    return found


def _listed(warnings: list[dict[str, Any]]) -> list[str]:
    return [f"{'要改' if each['blocking'] else '注意'}：{each['text']}" for each in warnings]


def _about(article: Article) -> dict[str, Any]:
    return {
        "title": article.title,
        "author": article.author,
        "digest": article.digest,
        "article_type": article.article_type,
        "theme": article.theme,
        "plain_summary": article.summary,
        "text_length": article.text_length,
        "cover": _shown(article.cover),
        "images": [{"source": _shown(each.source), "alt": each.alt} for each in article.images],
    }


def _saved(saved: Draft, article: Article, warnings: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        **_about(article),
        "media_id": saved.media_id,
        "created": saved.created,
        "thumb_media_id": saved.thumb_media_id,
        "warnings": warnings,
    }


def _shown(source: str) -> str:
    return source if len(source) <= 200 else f"{source[:60]}…"
