"""Articles as a bubble on the phone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .state import Platform


def articles_shown(platform: Platform, articles: Iterable[tuple[Mapping[str, Any], str]]) -> dict[str, Any]:
    """Return the content of a news bubble for articles and where each is read."""
    return {
        "articles": [
            {
                "title": article["title"],
                "description": article["digest"],
                "pic_url": platform.picture_url(article["thumb_media_id"]),
                "url": url,
            }
            for article, url in articles
        ]
    }
