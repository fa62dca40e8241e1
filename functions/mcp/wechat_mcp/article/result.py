"""What a render gives: an article with its pictures, and what its author should know before it is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import islice
from typing import Any, Literal

TITLE_SHOULD, TITLE_MUST = 32, 64
"""Characters. The page 新增草稿 says 32; what older accounts may use is 64."""
AUTHOR_MUST = 16
DIGEST_SHOULD, DIGEST_MUST = 120, 128
CONTENT_SHOULD = 20_000
"""Characters of HTML (新增草稿: 少于 2 万字符)."""
CONTENT_MUST = 1024 * 1024
"""UTF-8 bytes of HTML (新增草稿: 小于 1M)."""
SOURCE_URL_MUST = 1024
"""UTF-8 bytes."""
NEWSPIC_IMAGES = 20
MOST_OF_A_CODE = 20
"""Warnings that are told one by one: whoever reads them has enough to mend."""

ArticleType = Literal["news", "newspic"]

_IMAGE_MARK = re.compile("\x02([0-9]+)\x02")


@dataclass(frozen=True)
class Notice:
    """Something that the author should know. ``text`` is Chinese and says what to do."""

    code: str
    """For programs: title_missing, title_long, content_long, cover_missing, css_dropped, …"""
    text: str
    blocking: bool = False
    """Whether WeChat would refuse the draft."""


@dataclass(frozen=True)
class Picture:
    """A picture of the article, as the author named it."""

    source: str
    """A path, an http(s) address or a ``data:`` URL."""
    alt: str = ""


@dataclass(frozen=True)
class Article:
    """A rendered article. ``body`` is HTML with a mark for each picture's address."""

    article_type: ArticleType
    title: str
    body: str
    author: str = ""
    digest: str = ""
    cover: str = ""
    """Where the cover comes from (as a Picture's source); empty: it is drawn from the title."""
    source_url: str = ""
    need_open_comment: bool = False
    only_fans_can_comment: bool = False
    images: tuple[Picture, ...] = ()
    """In the order of the article; one that stands there twice is there once."""
    warnings: tuple[Notice, ...] = ()
    summary: str = ""
    """The beginning of the text, plain, at most 120 characters."""
    text_length: int = 0
    """Characters of plain text, white space not counted."""
    identity: str = ""
    """What the author calls the article (``id`` in the front matter); can be empty."""
    theme: str = ""

    @property
    def html(self) -> str:
        """The article with its pictures as the author named them."""
        return self.content({})

    def content(self, urls: Mapping[str, str]) -> str:
        """Return the HTML with the addresses of uploaded pictures in place of their sources."""

        def address(mark: re.Match[str]) -> str:
            source = self.images[int(mark[1])].source
            return escape(urls.get(source, source))

        return _IMAGE_MARK.sub(address, self.body)

    def draft(
        self, urls: Mapping[str, str], *, thumb_media_id: str, image_media_ids: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Return the article as 新增草稿 takes it; ``image_media_ids`` are those of a newspic."""
        article: dict[str, Any] = {
            "article_type": self.article_type,
            "title": self.title,
            "author": self.author,
            "digest": self.digest,
            "content": self.content(urls),
            "content_source_url": self.source_url,
            "need_open_comment": int(self.need_open_comment),
            "only_fans_can_comment": int(self.only_fans_can_comment),
        }
        if self.article_type == "newspic":
            article["image_info"] = {
                "image_list": [{"image_media_id": media_id} for media_id in image_media_ids]
            }
        else:
            article["thumb_media_id"] = thumb_media_id
        return {name: value for name, value in article.items() if value != ""}

    @property
    def problems(self) -> tuple[Notice, ...]:
        """The warnings that a draft would be refused for."""
        return tuple(warning for warning in self.warnings if warning.blocking)


def image_mark(number: int) -> str:
    """Return what stands for the address of a picture: no text can hold it."""
    return f"\x02{number}\x02"


@dataclass
class Notices:
    """Notices as they come up; the same one is said once, and of one code the first MOST_OF_A_CODE."""

    _of: dict[str, dict[Notice, None]] = field(default_factory=dict)

    def add(self, code: str, text: str, *, blocking: bool = False) -> None:
        """Add a warning."""
        self._of.setdefault(code, {})[Notice(code, text, blocking)] = None

    def all(self) -> tuple[Notice, ...]:
        """Return the warnings, those of one code together; where some are left out, the last says so."""
        found: list[Notice] = []
        for code, notices in self._of.items():
            found.extend(islice(notices, MOST_OF_A_CODE))
            if (more := len(notices) - MOST_OF_A_CODE) > 0:
                blocking = any(notice.blocking for notice in notices)
                found.append(Notice(code, f"同样的问题还有 {more} 处，没有一一列出。", blocking))
        return tuple(found)


def check_lengths(article: Article, warnings: Notices) -> None:
    """Warn of what is longer than WeChat's pages say, and block what is longer than it ever takes."""
    if not article.title:
        warnings.add(
            "title_missing", "没有标题：在文首写“title: 标题”，或让正文以“# 标题”开头。", blocking=True
        )
    if not article.text_length and (article.article_type == "newspic" or not article.images):
        warnings.add("content_empty", "正文是空的：微信不收没有正文的草稿，请写点什么。", blocking=True)
    for code, name, text, should, must in (
        ("title", "标题", article.title, TITLE_SHOULD, TITLE_MUST),
        ("digest", "摘要", article.digest, DIGEST_SHOULD, DIGEST_MUST),
        ("author", "作者名", article.author, AUTHOR_MUST, AUTHOR_MUST),
    ):
        if len(text) > must:
            told = f"{name}有 {len(text)} 个字，微信最多收 {must} 个：请缩短。"
            warnings.add(f"{code}_long", told, blocking=True)
        elif len(text) > should:
            told = f"{name}有 {len(text)} 个字，微信的文档写的上限是 {should} 个：最好缩短。"
            warnings.add(f"{code}_long", told)
    if len(article.source_url.encode()) > SOURCE_URL_MUST:
        warnings.add("source_url_long", "原文链接超过 1 KB：请换成较短的链接。", blocking=True)
    characters, size = len(article.html), len(article.html.encode())
    if any(picture.source.startswith("data:") for picture in article.images):
        stand_in = article.content({picture.source: "https://mmbiz.qpic.cn/" for picture in article.images})
        characters, size = len(stand_in), len(stand_in.encode())
    if size >= CONTENT_MUST:
        warnings.add(
            "content_large", f"正文 HTML 有 {size // 1024} KB，微信最多收 1 MB：请拆成几篇。", blocking=True
        )
    elif article.text_length >= CONTENT_SHOULD:
        warnings.add(
            "content_large",
            f"正文有 {article.text_length} 个字，微信最多收 2 万个：请拆成几篇。",
            blocking=True,
        )
    elif characters >= CONTENT_SHOULD:
        warnings.add(
            "content_long",
            f"正文 HTML 有 {characters} 个字符，微信的文档写的上限是 2 万（含样式）。较长的文章常常也能保存；"
            "若返回 45002，请拆成几篇，或换用 minimal 主题、减少公式和代码。",
        )
