"""An article as drafts hold it: its fields, and WeChat's limits for them (新增草稿)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Required, TypedDict

from . import limits

MAX_ARTICLES = 8
MAX_IMAGES = 20
"""Pictures of one newspic."""
_TITLE, _SAFE_TITLE = 64, 32
_DIGEST, _SAFE_DIGEST = 128, 120
_AUTHOR = 16
_BELOW_CHARACTERS = 20_000
_BELOW_BYTES = 1 << 20
_URL_BYTES = 1024

_TAG = re.compile(r"<[^>]*>")
_CROP = re.compile(r"(?:0(?:\.\d{1,6})?|1(?:\.0{1,6})?)(?:_(?:0(?:\.\d{1,6})?|1(?:\.0{1,6})?)){3}")


class ImageInfo(TypedDict):
    """The pictures of a newspic: ``[{"image_media_id": …}]``, permanent material, the first is the cover."""

    image_list: list[dict[str, str]]


class CropPercent(TypedDict):
    """A cut-out of the cover: corners from 0 to 1, as strings of at most six decimals."""

    ratio: Literal["1_1", "16_9", "2.35_1"]
    x1: str
    y1: str
    x2: str
    y2: str


class CoverInfo(TypedDict):
    """How the cover is cut."""

    crop_percent_list: list[CropPercent]


class Article(TypedDict, total=False):
    """One article. What is returned has ``url`` (a preview) and ``thumb_url`` besides."""

    article_type: Literal["news", "newspic"]
    """``news`` (文章, the default) or ``newspic`` (贴图)."""
    title: Required[str]
    """At most 32 characters; 64 by earlier documentation."""
    author: str
    """At most 16 characters."""
    digest: str
    """At most 120 characters; 128 by earlier documentation. Without it, the content's first 54."""
    content: Required[str]
    """HTML below 20 000 characters and 1 MB; of a newspic, plain text."""
    content_source_url: str
    """What 阅读原文 opens: at most 1 KB."""
    thumb_media_id: str
    """The cover: permanent material. A news must have it."""
    need_open_comment: int
    only_fans_can_comment: int
    pic_crop_235_1: str
    """``X1_Y1_X2_Y2``, each from 0 to 1 with at most six decimals."""
    pic_crop_1_1: str
    image_info: ImageInfo
    cover_info: CoverInfo
    product_info: dict[str, Any]
    """``{"footer_product_info": {"product_key": …}}``: the goods at the end."""
    show_cover_pic: int
    url: str
    thumb_url: str


def check_articles(articles: Sequence[Article]) -> list[str]:
    """Check the articles of one draft, and return the warnings. Raises LimitError."""
    limits.items("文章", articles, MAX_ARTICLES)
    warnings = []
    for number, article in enumerate(articles, 1):
        where = f"第 {number} 篇" if len(articles) > 1 else ""
        warnings += check_article(article, where)
    return warnings


def check_article(article: Article, where: str = "") -> list[str]:
    """Check one article, and return the warnings; ``where`` begins each. Raises LimitError."""
    title, content = article.get("title", ""), article.get("content", "")
    limits.require(title.strip(), f"{where}标题不能为空")
    limits.require(content.strip(), f"{where}正文不能为空")
    warnings = limits.characters(f"{where}标题", title, _TITLE, safe=_SAFE_TITLE)
    warnings += limits.characters(f"{where}作者", article.get("author", ""), _AUTHOR)
    warnings += limits.characters(f"{where}摘要", article.get("digest", ""), _DIGEST, safe=_SAFE_DIGEST)
    link = article.get("content_source_url", "")
    warnings += limits.utf8_bytes(f"{where}原文链接", link, _URL_BYTES)
    limits.require(
        not link or link.startswith(("http://", "https://")), f"{where}原文链接要以 http:// 或 https:// 开头"
    )
    warnings += _check_content(content, where)
    match article.get("article_type", "news"):
        case "news":
            limits.require(article.get("thumb_media_id"), f"{where}要有封面 thumb_media_id（永久素材）")
        case "newspic":
            _check_images(article, where)
        case _:
            raise limits.LimitError(f"{where}article_type 只能是 news 或 newspic")
    _check_crops(article, where)
    return warnings


def on_the_wire(article: Article) -> dict[str, Any]:
    """Return an article as WeChat takes it: its switches are 0 and 1, and true is no number there."""
    return {name: int(value) if isinstance(value, bool) else value for name, value in article.items()}


def _check_content(content: str, where: str) -> list[str]:
    """Of what people read, 20 000 characters are the end; of HTML in all, WeChat's page says both numbers."""
    limits.utf8_bytes(f"{where}正文", content, _BELOW_BYTES - 1)
    limits.characters(f"{where}正文的文字", _TAG.sub("", content), _BELOW_CHARACTERS - 1)
    if len(content) < _BELOW_CHARACTERS:
        return []
    return [f"{where}正文连同标签有 {len(content)} 个字符，超过了 {_BELOW_CHARACTERS}：微信可能会拒收"]


def _check_images(article: Article, where: str) -> None:
    images = article.get("image_info", {}).get("image_list", [])
    limits.items(f"{where}贴图的图片 image_info.image_list", images, MAX_IMAGES)
    for image in images:
        limits.require(image.get("image_media_id"), f"{where}每张图片都要有 image_media_id（永久素材）")


def _check_crops(article: Article, where: str) -> None:
    old: Mapping[str, Any] = article
    for name in ("pic_crop_235_1", "pic_crop_1_1"):
        crop = old.get(name) or "0_0_1_1"
        limits.require(
            _CROP.fullmatch(crop), f"{where}{name} 的写法是 X1_Y1_X2_Y2，都在 0 到 1 之间，最多六位小数"
        )
    for crop in article.get("cover_info", {}).get("crop_percent_list", []):
        limits.require(
            crop.get("ratio") in ("1_1", "16_9", "2.35_1"),
            f"{where}封面裁剪的 ratio 只能是 1_1、16_9 或 2.35_1",
        )
        corners = "_".join(str(crop.get(name, "")) for name in ("x1", "y1", "x2", "y2"))
        limits.require(_CROP.fullmatch(corners), f"{where}封面裁剪的坐标都在 0 到 1 之间，最多六位小数")
