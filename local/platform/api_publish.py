"""Publishing: jobs that take a while, and tell the account's server of their end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import follower
from .api_errors import ApiError
from .articles import seen
from .endpoint import OK, VERIFIED, Call, Endpoint
from .phone import push_event
from .publications import DELETED, PUBLISHING, SUCCESS, Draft, Job, Publication
from .state import Platform


def _submit(call: Call) -> Mapping[str, Any]:
    platform = call.platform
    draft = platform.publications.drafts.get(call.text("media_id", 41006))
    if draft is None:
        raise ApiError(40007)
    job = platform.publications.new_job(draft.media_id)
    platform.start(_publish(platform, job, draft))
    return {**OK, "publish_id": str(job.publish_id), "msg_data_id": job.msg_data_id}


async def _publish(platform: Platform, job: Job, draft: Draft) -> None:
    await platform.sleep(platform.job_seconds)
    job.status = platform.publish_status
    if job.status == SUCCESS:
        job.publication = platform.publications.release(draft, notified=False, msg_data_id=job.msg_data_id)
    event = follower.event("PUBLISHJOBFINISH", {"PublishEventInfo": _state(platform, job)})
    # WeChat names the administrator who published.
    await push_event(platform, platform.account.openid("公众号管理员"), event)


def _get(call: Call) -> Mapping[str, Any]:
    job = call.platform.publications.jobs.get(call.number("publish_id", wrong=53502))
    if job is None:
        raise ApiError(53502)
    return _state(call.platform, job)


def _state(platform: Platform, job: Job) -> dict[str, Any]:
    publication = job.publication
    if publication is None:
        draft = platform.publications.drafts.get(job.media_id)
        count = len(draft.articles) if draft and job.status != PUBLISHING else 0
        failed = list(range(1, count + 1))
        return {"publish_id": job.publish_id, "publish_status": job.status, "fail_idx": failed}
    if publication.deleted:
        return {"publish_id": job.publish_id, "publish_status": DELETED, "fail_idx": []}
    items = [
        {"idx": idx, "article_url": platform.article_url(article.sn)}
        for idx, article in enumerate(publication.articles, 1)
        if not article.deleted
    ]
    return {
        "publish_id": job.publish_id,
        "publish_status": job.status,
        "article_id": publication.article_id,
        "article_detail": {"count": len(items), "item": items},
        "fail_idx": [],
    }


def _delete(call: Call) -> Mapping[str, Any]:
    publication = _publication(call)
    index = call.number("index", default=0)
    if not 0 <= index <= len(publication.articles):
        raise ApiError(40060)
    for article in publication.articles if index == 0 else publication.articles[index - 1 : index]:
        article.deleted = True
    return OK


def _getarticle(call: Call) -> Mapping[str, Any]:
    return _content(call.platform, _publication(call), content=True)


def _batchget(call: Call) -> Mapping[str, Any]:
    page, no_content = call.page(), call.number("no_content", default=0) == 1
    kept = [
        one
        for one in reversed(call.platform.publications.published.values())
        if one.article_id and not one.deleted
    ]
    items = [
        {
            "article_id": one.article_id,
            "content": _content(call.platform, one, content=not no_content),
            "update_time": one.create_time,
        }
        for one in kept[page]
    ]
    return {"total_count": len(kept), "item_count": len(items), "item": items}


def _publication(call: Call) -> Publication:
    publication = call.platform.publications.by_article_id(call.body.get("article_id"))
    if publication is None:
        raise ApiError(53600)
    return publication


def _content(platform: Platform, publication: Publication, *, content: bool) -> dict[str, Any]:
    shown = [
        {
            **seen(platform, one.fields, url=platform.article_url(one.sn), content=content),
            "is_deleted": one.deleted,
        }
        for one in publication.articles
    ]
    return {
        "news_item": shown,
        "create_time": publication.create_time,
        "update_time": publication.create_time,
    }


ENDPOINTS = tuple(
    Endpoint("POST", f"/cgi-bin/freepublish/{name}", answer, account_types=VERIFIED)
    for name, answer in (
        ("submit", _submit),
        ("get", _get),
        ("delete", _delete),
        ("getarticle", _getarticle),
        ("batchget", _batchget),
    )
)
