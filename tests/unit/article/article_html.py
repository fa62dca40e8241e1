"""What the tests of articles have in common: HTML without its styles, and what WeChat would strip of it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from wechat_mcp.article import Options, render

KEPT_TAGS = {
    *(
        "a",
        "blockquote",
        "br",
        "caption",
        "code",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "img",
        "li",
    ),
    *(
        "ol",
        "p",
        "pre",
        "s",
        "section",
        "span",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
    ),
    *("tr", "u", "ul", "svg", "path", "mp-miniprogram", "mp-common-profile", "wbr"),
}
_STYLE = re.compile(r' style="[^"]*"')
_SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)


def structure(markdown: str, options: Options | None = None) -> str:
    """Return an article's HTML without its styles and without the section around it."""
    html = _SVG.sub("<svg/>", _STYLE.sub("", render(markdown, options or Options()).html))
    return html.removeprefix("<section>").removesuffix("</section>")


def as_xml(html: str) -> ElementTree.Element:
    """Return HTML as an XML parser reads it. Raises ParseError when it is not well-formed."""
    return ElementTree.fromstring(html.replace("&nbsp;", "\u00a0"))  # noqa: S314  (our own HTML)


def what_wechat_strips(html: str) -> list[str]:
    """Return everything in an article's HTML that would not arrive as it was sent."""
    found = []
    for element in as_xml(html).iter():
        tag = element.tag.rpartition("}")[2]
        if tag not in KEPT_TAGS:
            found.append(f"<{tag}>")
        for name, value in element.attrib.items():
            if name in ("class", "id") or name.startswith(("on", "data-oa")):
                found.append(f"{tag}.{name}")
            if name == "href" and not re.match(r"https?://mp\.weixin\.qq\.com|\Z", value):
                found.append(f"href {value}")
            if name == "style":
                found.extend(_of_style(value))
    return found


def _of_style(style: str) -> list[str]:
    bare = re.sub(r"'[^']*'", "''", style)
    forbidden = (
        r"(?:^|;)\s*(?:-\w+-)?(?:position|top|left|right|bottom|z-index|transform|animation|transition|filter"
        r"|--[\w-]+)\s*:",
        r"url\s*\(|expression\s*\(|var\s*\(|javascript:|@import|!\s*important|[<>{}\\]",
    )
    return [match[0] for pattern in forbidden for match in re.finditer(pattern, bare, re.IGNORECASE)]
