"""Markdown in, an article out: the passes, in their order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from wechat_mcp.diagrams import LANGUAGES, Drawing

from . import front_matter, lists, parsing, plain_text, references, spacing, structure, styling, themes, tree
from .data_urls import DataUrls
from .parsing import Parsed
from .result import (
    NEWSPIC_IMAGES,
    Article,
    Notices,
    Picture,
    check_lengths,
    image_mark,
)
from .tree import Element, Node

MAX_CHARACTERS = 100_000
"""Of Markdown: five times what WeChat lets people read in one article."""
_WEB = re.compile(r"https?://", re.IGNORECASE)

FindTheme = Callable[[str], tuple[str, str] | None]
"""Given a theme's name, returns the theme that it stands on and its CSS, or None if it is not an owner's."""


class ArticleError(ValueError):
    """A document that cannot be rendered. ``str()`` is a sentence in Chinese with what to do."""


@dataclass(frozen=True)
class Options:
    """How to render. What is None is left to the front matter, then to the theme."""

    theme: str | None = None
    css: str = ""
    """An owner's own rules, after those of the theme."""
    accent: str | None = None
    font_size: int | None = None
    """Pixels."""
    justify: bool | None = None
    spacing: bool | None = None
    """Whether Chinese and Latin get a space between them (default: yes)."""
    breaks: bool | None = None
    """Whether each line end of a paragraph is a line break (default: no)."""
    references: bool = True
    """Whether the addresses of links are listed at the end."""
    diagrams: Mapping[tuple[str, str], Drawing] = field(default_factory=dict)
    """What became of the article's diagrams, by language and code (see ``diagrams_of``)."""
    own_theme: FindTheme | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    """Settings that stand above those of the front matter, by their standard names: title, cover …"""


_DEFAULTS = Options()


def render(markdown: str, options: Options = _DEFAULTS) -> Article:
    """Return an article for 新增草稿 from Markdown with front matter.

    Raises ArticleError, ThemeError and FrontMatterError, all ValueErrors whose text is for the author.
    Whatever else WeChat would not like is in ``warnings``.
    """
    data = DataUrls()
    markdown = data.take(markdown)
    if len(markdown) > MAX_CHARACTERS:
        raise ArticleError(f"文章有 {len(markdown)} 个字符，最多 {MAX_CHARACTERS} 个：请拆成几篇。")
    settings, text = front_matter.split(markdown)
    settings |= options.settings
    warnings = Notices()
    breaks = _choice(options.breaks, settings, "breaks", warnings)
    try:
        parsed = parsing.parse(text, breaks=bool(breaks))
    except (tree.TooDeep, RecursionError) as error:
        raise ArticleError("文章里的列表、引用或 HTML 嵌套得太深：请减少层级。") from error
    if parsed.lost:
        warnings.add("html_dropped", f"微信的文章里不能有{'、'.join(parsed.lost)}，已去掉。")
    root = Element("section", {"class": "article"}, parsed.nodes)
    parsed.code[:] = [(language, data.put_back(text)) for language, text in parsed.code]
    data.put_back_all(root)
    structure.rename(root)
    structure.tidy(root)
    title = _title(settings, root)
    document = _Document(settings, title, root, parsed, data)
    if _is_newspic(settings):
        return _newspic(document, options, warnings)
    return _news(document, options, warnings)


def diagrams_of(markdown: str) -> list[tuple[str, str]]:
    """Return the language and code of each diagram of an article, to be drawn before it is rendered.

    An article that cannot be rendered has none: what is wrong with it is for ``render`` to say.
    """
    data = DataUrls()
    markdown = data.take(markdown)
    written = any(language in markdown.lower() for language in LANGUAGES)
    if not written or len(markdown) > MAX_CHARACTERS:
        return []
    try:
        settings, text = front_matter.split(markdown)
        if _is_newspic(settings):
            return []
        parsed = parsing.parse(text)
    except (front_matter.FrontMatterError, tree.TooDeep, RecursionError):
        return []
    code = ((language.lower(), data.put_back(text)) for language, text in parsed.code)
    return [(language, text) for language, text in code if language in LANGUAGES]


class _Document(NamedTuple):
    settings: dict[str, Any]
    title: str
    root: Element
    parsed: Parsed
    data: DataUrls


def _news(document: _Document, options: Options, warnings: Notices) -> Article:
    settings, title, root, parsed, data = document
    theme = options.theme or _string(settings, "theme") or themes.DEFAULT
    found = options.own_theme(theme) if options.own_theme else None
    base, own_css = found or (theme, "")
    sheet = themes.sheet(
        base,
        f"{own_css}\n{options.css}" if own_css else options.css,
        options.accent or _string(settings, "accent"),
        options.font_size or _font_size(settings, warnings),
        _choice(options.justify, settings, "justify", warnings),
    )
    for problem in sheet.problems:
        warnings.add("css_dropped", problem)
    _resolve_links(root, options, warnings)
    _draw(parsed, options.diagrams, root, warnings)
    lists.rewrite(root)
    structure.figures(root)
    structure.tables(root)
    for latex in structure.formulas(root, parsed):
        warnings.add(
            "formula_failed",
            f"公式 {latex[:60]} 画不出来，按原文显示：请检查 LaTeX（不能有中文，不能套太多层，"
            "一篇里不能太多），或换成图片。",
        )
    structure.inline_code(root)
    structure.ragged(root)
    spacing.Spacer(spaced=_spaced(settings, options, warnings)).apply(root)
    # Last: its many coloured pieces are nothing to the passes before.
    for language, code in structure.code_blocks(root, parsed):
        if language in LANGUAGES:
            problem = options.diagrams.get((language, code), Drawing()).problem
            reason = f"没有画出来（{problem}）" if problem else "这里画不出来"
            warnings.add(
                "diagram_code",
                f"{language} 图{reason}，按代码显示：可以导出成 PNG，再用 ![说明](图片) 引用。",
            )
    summary = plain_text.summary(root)
    images = _take_images(root, data)
    text = root.text()
    nodes, dropped = styling.inline([root], sheet.css)
    if dropped:
        warnings.add("style_dropped", f"微信会去掉的样式：{'、'.join(dropped)}，已略过。")
    digest = _string(settings, "digest")
    return _checked(
        Article(
            article_type="news",
            title=title,
            body=tree.write(nodes),
            digest=digest or summary,
            cover=data.put_back(_string(settings, "cover")) or (images[0].source if images else ""),
            images=images,
            summary=summary,
            text_length=plain_text.length(text),
            theme=base,
            **_common(settings, warnings),
        ),
        warnings,
    )


def _newspic(document: _Document, options: Options, warnings: Notices) -> Article:
    """A 贴图: plain text, and pictures beside it."""
    settings, title, root, parsed, data = document
    structure.as_text(root, parsed)
    _resolve_links(root, options, warnings)
    spacing.Spacer(spaced=_spaced(settings, options, warnings)).apply(root)
    listed = settings.get("images", [])
    sources = [listed] if isinstance(listed, str) else listed
    found = [*(Picture(data.put_back(source)) for source in sources), *_take_images(root, data)]
    cover = data.put_back(_string(settings, "cover"))
    if cover:
        found.insert(0, Picture(cover))
    images = tuple({picture.source: picture for picture in found}.values())
    if not images:
        warnings.add("images_missing", "贴图至少要有一张图片：用 ![](图片) 写在正文里。", blocking=True)
    if len(images) > NEWSPIC_IMAGES:
        warnings.add(
            "images_many", f"贴图最多 {NEWSPIC_IMAGES} 张图片，现在有 {len(images)} 张。", blocking=True
        )
    text = plain_text.whole(root)
    article = Article(
        article_type="newspic",
        title=title,
        body=text,
        cover=images[0].source if images else "",
        images=images,
        summary=plain_text.cut(" ".join(text.split())),
        text_length=plain_text.length(text),
        **_common(settings, warnings),
    )
    return _checked(article, warnings)


def _is_newspic(settings: dict[str, Any]) -> bool:
    return _string(settings, "type").lower() in ("image", "newspic", "贴图", "图片")


def _resolve_links(root: Element, options: Options, warnings: Notices) -> None:
    for address in references.rewrite(root, listed=options.references):
        warnings.add("link_relative", f"链接 {address} 是相对地址，读者打不开，已去掉：请写完整的网址。")


def _spaced(settings: dict[str, Any], options: Options, warnings: Notices) -> bool:
    return _choice(options.spacing, settings, "spacing", warnings) is not False


def _checked(article: Article, warnings: Notices) -> Article:
    check_lengths(article, warnings)
    if not article.cover and article.article_type == "news":
        warnings.add(
            "cover_missing",
            "没有封面：文首写“cover: 图片”，或在正文里放一张图片；否则用标题画一张。",
        )
    return _with_warnings(article, warnings)


def _with_warnings(article: Article, warnings: Notices) -> Article:
    fields = {name: getattr(article, name) for name in article.__dataclass_fields__}
    return Article(**fields | {"warnings": warnings.all()})


def _common(settings: dict[str, Any], warnings: Notices) -> dict[str, Any]:
    source_url = _string(settings, "source_url")
    if source_url and not _WEB.match(source_url):
        warnings.add("source_url_odd", "原文链接要以 http:// 或 https:// 开头，已略过。")
        source_url = ""
    need = _choice(None, settings, "need_open_comment", warnings)
    fans = _choice(None, settings, "only_fans_can_comment", warnings)
    return {
        "author": _string(settings, "author"),
        "source_url": source_url,
        "need_open_comment": bool(need) or bool(fans),
        "only_fans_can_comment": bool(fans),
        "identity": _string(settings, "id"),
    }


def _string(settings: dict[str, Any], name: str) -> str:
    value = settings.get(name, "")
    text = value if isinstance(value, str) else " ".join(value)
    return tree.legal(text).replace("\n", " ").strip()


def _choice(given: bool | None, settings: dict[str, Any], name: str, warnings: Notices) -> bool | None:
    if given is not None or name not in settings:
        return given
    value = front_matter.as_bool(settings[name])
    if value is None:
        warnings.add("setting_odd", f"{name} 只能是 true 或 false，已略过。")
    return value


def _font_size(settings: dict[str, Any], warnings: Notices) -> int:
    value = _string(settings, "font_size").removesuffix("px").strip()
    if value and not re.fullmatch(r"[0-9]{1,3}", value):
        warnings.add("setting_odd", "font_size 要写成像素数，例如 16，已略过。")
        return 0
    return int(value or 0)


def _title(settings: dict[str, Any], root: Element) -> str:
    """The title: from the front matter, else the heading that the text begins with.

    WeChat shows the title above the article: a heading that says the same is taken away.
    """
    title = _string(settings, "title")
    first = root.children[0] if root.children else None
    if isinstance(first, Element) and first.tag == "h1":
        heading = " ".join(first.text().split())
        if heading and (not title or heading == " ".join(title.split())):
            root.children.pop(0)
            return title or heading
    return title


def _draw(
    parsed: Parsed, drawings: Mapping[tuple[str, str], Drawing], root: Element, warnings: Notices
) -> None:
    """Put pictures in place of the diagrams that were drawn."""
    drawn: dict[str, Element] = {}
    for number, (language, code) in enumerate(parsed.code):
        drawing = drawings.get((language.lower(), code))
        if drawing and drawing.source:
            attributes = {"data-oa-src": drawing.source, "alt": "", "width": str(drawing.width)}
            drawn[str(number)] = Element("img", attributes)
            text = f"{language.lower()} 图由 {drawing.renderer} 画成了图片，和其他图片一样上传。"
            warnings.add("diagram_drawn", text)
    if not drawn:
        return
    for element in root.walk():
        element.children = [
            Element("p", {}, [drawn[child.attrs["data-oa-code"]]])
            if isinstance(child, Element) and child.attrs.get("data-oa-code") in drawn
            else child
            for child in element.children
        ]


def _take_images(root: Element, data: DataUrls) -> tuple[Picture, ...]:
    """Return the pictures in order, and leave marks where their addresses stand."""
    found: dict[str, Picture] = {}
    numbers: dict[str, int] = {}
    for element in root.walk():
        kept: list[Node] = []
        for child in element.children:
            if isinstance(child, Element) and child.tag == "img":
                source = (child.attrs.pop("data-oa-src", "") or child.attrs.get("src", "")).strip()
                if not source:
                    continue
                found.setdefault(source, Picture(data.put_back(source), child.attrs.get("alt", "")))
                child.attrs["src"] = image_mark(numbers.setdefault(source, len(numbers)))
            kept.append(child)
        element.children = kept
    return tuple(found.values())
