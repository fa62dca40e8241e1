"""Drafts, what became of them, who read it, and what was said under it."""

from __future__ import annotations

import itertools
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Fields = Mapping[str, Any]
"""An article's fields, under WeChat's names."""

SUCCESS, PUBLISHING, DELETED = 0, 1, 5
"""Of publish_status, those that are more than a number here."""


@dataclass(slots=True)
class Draft:
    """Articles that nobody has seen yet."""

    media_id: str
    articles: list[Fields]
    create_time: int
    update_time: int


@dataclass(slots=True)
class Comment:
    """What a reader wrote under an article."""

    user_comment_id: int
    openid: str
    content: str
    create_time: int
    selected: bool = False
    reply: str = ""
    reply_time: int = 0


@dataclass(slots=True)
class PublishedArticle:
    """An article that people can open."""

    fields: Fields
    sn: str
    """The part of its address that names it."""
    deleted: bool = False
    comments_open: bool = False
    comments: list[Comment] = field(default_factory=list)
    readers: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """How often who opened it, by day (YYYY-MM-DD, Beijing)."""


@dataclass(slots=True)
class Publication:
    """Articles that were published, or sent to followers."""

    msg_data_id: int
    articles: list[PublishedArticle]
    create_time: int
    notified: bool
    """Whether followers were told: a mass message, rather than a publication."""
    article_id: str = ""
    """Only of a publication."""

    @property
    def deleted(self) -> bool:
        """Whether nothing of it is left."""
        return all(article.deleted for article in self.articles)


@dataclass(slots=True)
class Job:
    """A publication under way, or done."""

    publish_id: int
    media_id: str
    msg_data_id: int
    status: int = PUBLISHING
    publication: Publication | None = None


class Publications:
    """All of it, in memory."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._numbers: Iterator[int] = itertools.count(2_247_483_650)
        self._comment_ids: Iterator[int] = itertools.count(1)
        self.drafts: dict[str, Draft] = {}
        self.jobs: dict[int, Job] = {}
        self.published: dict[int, Publication] = {}
        """By msg_data_id, oldest first."""

    def add_draft(self, articles: list[Fields]) -> Draft:
        """Keep a new draft."""
        now = int(self._clock())
        draft = Draft(secrets.token_urlsafe(48), articles, now, now)
        self.drafts[draft.media_id] = draft
        return draft

    def new_job(self, media_id: str) -> Job:
        """Begin to publish a draft."""
        number = next(self._numbers)
        job = Job(number, media_id, number)
        self.jobs[number] = job
        return job

    def release(self, draft: Draft, *, notified: bool, msg_data_id: int = 0) -> Publication:
        """Let people read a draft's articles; the draft is gone."""
        self.drafts.pop(draft.media_id, None)
        publication = Publication(
            msg_data_id or next(self._numbers),
            [
                PublishedArticle(
                    article,
                    secrets.token_urlsafe(16),
                    comments_open=bool(article.get("need_open_comment")),
                )
                for article in draft.articles
            ],
            int(self._clock()),
            notified,
            "" if notified else secrets.token_urlsafe(32),
        )
        self.published[publication.msg_data_id] = publication
        return publication

    def by_article_id(self, article_id: object) -> Publication | None:
        """Return a publication of which something is left, or None."""
        for publication in self.published.values():
            if publication.article_id == article_id and article_id and not publication.deleted:
                return publication
        return None

    def by_sn(self, sn: str) -> PublishedArticle | None:
        """Return the article at an address, or None."""
        for publication in self.published.values():
            for article in publication.articles:
                if article.sn == sn and not article.deleted:
                    return article
        return None

    def article(self, msg_data_id: object, index: object) -> PublishedArticle | None:
        """Return an article that people can open; the first is 0."""
        publication = self.published.get(msg_data_id) if isinstance(msg_data_id, int) else None
        if publication is None or not isinstance(index, int) or not 0 <= index < len(publication.articles):
            return None
        article = publication.articles[index]
        return None if article.deleted else article

    def comment(self, article: PublishedArticle, openid: str, content: str) -> Comment:
        """Write a comment under an article."""
        comment = Comment(next(self._comment_ids), openid, content, int(self._clock()))
        article.comments.append(comment)
        return comment
