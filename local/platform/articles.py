"""How the platform judges an article, and what it keeps of it (新增草稿)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .api_errors import ApiError
from .state import Platform

MAX_ARTICLES = 8
_TEXTS = {"title": (64, 45003), "author": (16, 45110), "digest": (128, 45004)}
"""The most characters of a field, and what more is refused with."""
_CONTENT_CHARACTERS, _CONTENT_BYTES = 20_000, 1 << 20
_URL_BYTES = 1024
_DIGEST_OF_CONTENT = 54
_MAX_IMAGES = 20

_WHOLE_PAGE = re.compile(r"<(!doctype|html|head|body)\b", re.IGNORECASE)
_SCRIPT = re.compile(r"<script\b.*?(</script\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_HANDLER = re.compile(r"\son\w+\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]+)", re.IGNORECASE)
_IMAGE = re.compile(r"<img\b[^>]*?\b(?:data-)?src\s*=\s*[\"']?([^\"'\s>]+)[^>]*>", re.IGNORECASE)
_OWN_PICTURE = re.compile(r"https?://mmbiz\.q(pic|logo)\.cn/")
_TAG = re.compile(r"<[^>]*>")
_NUMBER = r"(0(\.\d{1,6})?|1(\.0{1,6})?)"
_CROP = re.compile(rf"{_NUMBER}(_{_NUMBER}){{3}}")


def read_article(platform: Platform, given: object, where: int = 0) -> dict[str, Any]:
    """Return the article as it is kept: scripts and others' pictures are dropped. Raises ApiError.

    ``where`` is the article's index, which WeChat puts behind its hint.
    """
    if not isinstance(given, dict):
        raise ApiError(44003, f"-{where}")
    article: dict[str, Any] = {"article_type": "news", **given}
    for name, (most, errcode) in _TEXTS.items():
        value = article.setdefault(name, "")
        if not isinstance(value, str):
            raise ApiError(47001)
        if len(value) > most:
            raise ApiError(errcode, f"-{where}")
    if not article["title"]:
        raise ApiError(44003, f"-{where}")
    _check_link(article)
    _check_switches(platform, article)
    if article.get("product_info"):
        raise ApiError(53404)
    content = article.get("content")
    if not isinstance(content, str) or not content.strip():
        raise ApiError(44003, f"-{where}")
    _check_content(content)
    if article["article_type"] == "news":
        _read_news(platform, article, content, where)
    elif article["article_type"] == "newspic":
        _read_newspic(platform, article, content, where)
    else:
        raise ApiError(40035)
    return article


def seen(platform: Platform, article: Mapping[str, Any], *, url: str, content: bool) -> dict[str, Any]:
    """Return an article as the API shows it."""
    shown = {**article, "show_cover_pic": 0, "url": url}
    if article["thumb_media_id"]:
        shown["thumb_url"] = platform.picture_url(article["thumb_media_id"])
    return shown if content else {name: value for name, value in shown.items() if name != "content"}


def _check_link(article: dict[str, Any]) -> None:
    link = article.setdefault("content_source_url", "")
    if not isinstance(link, str) or (link and not re.match(r"https?://", link)):
        raise ApiError(41039)
    if len(link.encode("utf-8", "replace")) > _URL_BYTES:
        raise ApiError(45005)


def _check_switches(platform: Platform, article: dict[str, Any]) -> None:
    for name in ("need_open_comment", "only_fans_can_comment"):
        value = article.setdefault(name, 0)
        if isinstance(value, bool) or value not in (0, 1):
            raise ApiError(47001)
    if article["need_open_comment"] and platform.account_type == "unverified_subscription":
        raise ApiError(88000)


def _check_content(content: str) -> None:
    if _WHOLE_PAGE.search(content):
        raise ApiError(47001)
    characters = len(_TAG.sub("", content))
    if characters >= _CONTENT_CHARACTERS or len(content.encode("utf-8", "replace")) >= _CONTENT_BYTES:
        raise ApiError(45002)


def _read_news(platform: Platform, article: dict[str, Any], content: str, where: int) -> None:
    cover = article.get("thumb_media_id")
    kept = platform.materials.get(cover) if isinstance(cover, str) else None
    if kept is None or kept.media.kind not in ("image", "thumb"):
        raise ApiError(40007, f"-{where}")
    for name in ("pic_crop_235_1", "pic_crop_1_1"):
        if article.get(name) and not _CROP.fullmatch(str(article[name])):
            raise ApiError(40035)
    own = platform.picture_url("")

    def kept_or_dropped(image: re.Match[str]) -> str:
        return image[0] if image[1].startswith(own) or _OWN_PICTURE.match(image[1]) else ""

    content = _TAG.sub(lambda tag: _HANDLER.sub("", tag[0]), _SCRIPT.sub("", content))
    article["content"] = content = _IMAGE.sub(kept_or_dropped, content)
    article["digest"] = article["digest"] or _TAG.sub("", content).strip()[:_DIGEST_OF_CONTENT]


def _read_newspic(platform: Platform, article: dict[str, Any], content: str, where: int) -> None:
    if re.search(r"<(?!mp-common-product)/?[a-z]", content, re.IGNORECASE):
        raise ApiError(45166)
    info = article.get("image_info")
    images = info.get("image_list") if isinstance(info, dict) else None
    if not isinstance(images, list) or not 1 <= len(images) <= _MAX_IMAGES:
        raise ApiError(40035)
    for image in images:
        kept = platform.materials.get(str(image.get("image_media_id") if isinstance(image, dict) else ""))
        if kept is None or kept.media.kind != "image":
            raise ApiError(40007, f"-{where}")
    # The first picture is the cover.
    article["thumb_media_id"] = images[0]["image_media_id"]
