"""Markdown → a tree, with tables, tasks, footnotes and maths; HTML that the author wrote is made safe.

What later passes build themselves (code, formulas, notes) goes through the cleaning as a mark that tells its
number: an author who writes such a mark gets at most a thing of his own article twice.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

from . import emphasis, tree
from .tree import Node

_MAX_NESTING = 100
"""What is deeper markdown-it leaves out without a word: the tree refuses it first."""

TAGS = set(
    """
    a abbr article aside b blockquote br caption center cite code dd del details dfn div dl dt em
    figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q
    rp rt ruby s samp section small span strike strong sub summary sup table tbody td tfoot th thead tr
    tt u ul var wbr mp-miniprogram mp-common-profile
    """.split()  # noqa: SIM905  (seventy lines otherwise)
)
"""What authors may write as HTML."""
_MARKS = {"data-oa-code", "data-oa-math", "data-oa-display", "data-oa-note", "data-oa-notes", "data-oa-task"}
PROFILE = tuple(f"data-{name}" for name in ("pluginname", "id", "nickname", "headimg", "alias"))
"""The attributes of an account's card."""
_CARD = {f"data-miniprogram-{name}" for name in ("appid", "path", "title", "imageurl", "nickname", "type")}
_ATTRIBUTES = {
    "*": {"style", "class", *_MARKS},
    "a": {"href", "data-oa-href", *_CARD},
    "img": {"src", "alt", "title", "width", "data-oa-src"},
    "ol": {"start"},
    "td": {"colspan", "rowspan", "align", "width"},
    "th": {"colspan", "rowspan", "align", "width"},
    "table": {"align", "width"},
    "font": {"color"},
    "mp-miniprogram": _CARD,
    "mp-common-profile": set(PROFILE),
}
_CLEANER = nh3.Cleaner(
    tags=TAGS,
    attributes=_ATTRIBUTES,
    clean_content_tags={"script", "style", "iframe", "object", "svg", "video", "audio", "select", "textarea"},
    # Addresses of links are judged later. A letter is the drive of a path: C:\picture.png.
    url_schemes={"http", "https", "mailto", "tel", "data", "file", *"cdefghijklmnopqrstuvwxyz"},
    link_rel=None,
)
_LOST = {
    "script": "脚本",
    "style": "style 标签（样式请写在主题 CSS 里）",
    "iframe": "iframe（视频请在公众号后台插入）",
    "video": "video（视频请在公众号后台插入）",
    "audio": "audio（音频请在公众号后台插入）",
    "svg": "内嵌的 SVG（请存成 PNG 图片再引用）",
    "form": "表单",
    "input": "表单",
    "button": "按钮",
    "object": "object",
    "embed": "embed",
    "canvas": "canvas",
}
_LOST_TAG = re.compile(rf"<\s*({'|'.join(_LOST)})\b", re.IGNORECASE)
_SCRIPT = re.compile(r"\s*(?:javascript|vbscript)\s*:", re.IGNORECASE)
_CHECKBOX = re.compile(r'<input class="task-list-item-checkbox"( checked="checked")? disabled')


@dataclass
class Parsed:
    """A document as a tree, and what its marks stand for."""

    nodes: list[Node]
    code: list[tuple[str, str]] = field(default_factory=list)
    """Code blocks: their language (can be empty) and text."""
    formulas: list[str] = field(default_factory=list)
    """LaTeX."""
    lost: tuple[str, ...] = ()
    """What the author's HTML has that an article cannot, in Chinese."""


def parse(markdown: str, *, breaks: bool = False) -> Parsed:
    """Return a document as a tree of elements that an article may have.

    ``breaks`` makes every line end a line break, as chat windows do.
    """
    environment: dict[str, Any] = {"code": [], "formulas": [], "lost": {}}
    markdown = tree.legal(markdown.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff"))
    html = (_BREAKING if breaks else _MARKDOWN).render(markdown, environment)
    return Parsed(
        tree.read(tree.legal(_CLEANER.clean(html))),
        environment["code"],
        environment["formulas"],
        tuple(environment["lost"]),
    )


class _Renderer(RendererHTML):
    def fence(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        language = tokens[idx].info.strip().split(maxsplit=1)
        env["code"].append((language[0].strip("{}.") if language else "", tokens[idx].content))
        return f'<pre data-oa-code="{len(env["code"]) - 1}"></pre>'

    def code_block(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        env["code"].append(("", tokens[idx].content))
        return f'<pre data-oa-code="{len(env["code"]) - 1}"></pre>'

    def image(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        token = tokens[idx]
        alt = self.renderInlineAsText(token.children or [], options, env)
        title = f' title="{escape(str(token.attrs["title"]))}"' if "title" in token.attrs else ""
        return f'<img data-oa-src="{escape(str(token.attrs["src"]))}" alt="{escape(alt)}"{title}>'

    def link_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        return f'<a data-oa-href="{escape(str(tokens[idx].attrs.get("href", "")))}">'

    def math_inline(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        env["formulas"].append(tokens[idx].content.strip())
        return f'<span data-oa-math="{len(env["formulas"]) - 1}"></span>'

    def math_block(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        env["formulas"].append(tokens[idx].content.strip())
        return f'<section data-oa-display="{len(env["formulas"]) - 1}"></section>'

    math_inline_double = math_inline

    def html_inline(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        content = tokens[idx].content
        if box := _CHECKBOX.match(content):
            return f'<span data-oa-task="{"done" if box[1] else "open"}"></span>'
        for found in _LOST_TAG.finditer(content):
            env["lost"][_LOST[found[1].lower()]] = None
        return content

    html_block = html_inline

    def footnote_ref(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        return f'<sup data-oa-note="{tokens[idx].meta["id"]}"></sup>'

    def footnote_block_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        return '<section data-oa-notes="all">'

    def footnote_block_close(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        return "</section>"

    def footnote_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        return f'<section data-oa-note="{tokens[idx].meta["id"]}">'

    footnote_close = footnote_block_close

    def footnote_anchor(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        return ""


class _Markdown(MarkdownIt):
    """Leaves addresses as the author wrote them: paths are opened, and references are read by people."""

    def normalizeLink(self, url: str) -> str:  # noqa: N802  (markdown-it's name)
        return url

    def validateLink(self, url: str) -> bool:  # noqa: N802
        return not _SCRIPT.match(url)


def _parser(*, breaks: bool) -> MarkdownIt:
    parser = _Markdown(
        "commonmark", {"html": True, "breaks": breaks, "maxNesting": _MAX_NESTING}, renderer_cls=_Renderer
    )
    parser.enable(["table", "strikethrough"])
    parser.use(footnote_plugin).use(tasklists_plugin)
    parser.use(
        dollarmath_plugin, allow_labels=False, allow_space=False, allow_digits=False, double_inline=True
    )
    emphasis.install(parser)
    # The plugins' own ways of rendering go before the renderer's methods.
    renderer: Any = parser.renderer
    for name in list(renderer.rules):
        if hasattr(_Renderer, name):
            renderer.rules[name] = getattr(renderer, name)
    return parser


_MARKDOWN, _BREAKING = _parser(breaks=False), _parser(breaks=True)
