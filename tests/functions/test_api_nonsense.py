"""Nonsense sent to the local platform's API: whatever it is, the answer is one of WeChat's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from local.platform.materials import Material
from tests.support.wechat import API, PNG, WeChat, wechat
from tests.unit.test_api_wire import CASES

NONSENSE: tuple[Any, ...] = (None, True, -1, 0.5, 10**30, "", "x", "\x00" * 300, [], {}, [None], {"x": [1]})


def spoiled(value: Any) -> Iterator[Any]:
    """Yield what a JSON value becomes when one thing in it is something else, or missing."""
    yield from NONSENSE
    if isinstance(value, dict):
        for name, inner in value.items():
            yield {other: one for other, one in value.items() if other != name}
            yield from ({**value, name: one} for one in spoiled(inner))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from ([*value[:index], one, *value[index + 1 :]] for one in spoiled(inner))


def filled_in(value: Any, known: Mapping[Any, Any]) -> Any:
    """Return a payload whose placeholders name something that is there: only then is all of it looked at."""
    if isinstance(value, dict):
        return {name: filled_in(inner, known) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled_in(inner, known) for inner in value]
    return known.get(value, value) if isinstance(value, str | int) else value


async def test_the_platform_answers_whatever_it_is_sent(tmp_path: Path) -> None:
    async with wechat(tmp_path) as world:
        picture = world.platform.materials.add("image", "image/png", PNG, "a.png")
        for case in CASES:
            if case.payload is None:
                continue
            known = something_there(world, picture, case.path)
            for body in spoiled(filled_in(json.loads(json.dumps(case.payload)), known)):
                await _send(world, case.path, body)
            await world.let_jobs_end()


def something_there(world: WeChat, picture: Material, path: str) -> Mapping[Any, Any]:
    """Return something for each placeholder of the cases; most of it is gone after the case before."""
    platform = world.platform
    article = {
        "article_type": "news",
        "title": "标题",
        "digest": "",
        "content": "正文",
        "thumb_media_id": picture.media.media_id,
    }
    draft = platform.publications.add_draft([article])
    publication = platform.publications.release(draft, notified=False)
    comment = platform.publications.comment(publication.articles[0], "o", "好文")
    job = platform.publications.new_job(platform.publications.add_draft([article]).media_id)
    known: dict[Any, Any] = {name: world.follower(name) for name in ("O", "A", "B")}
    media_id = picture.media.media_id
    if "draft" in path or "freepublish" in path or "mass" in path:
        media_id = platform.publications.add_draft([article]).media_id
    if "freepublish" in path:
        known["A"] = publication.article_id
    return known | {
        "M": media_id,
        "T": picture.media.media_id,
        "I": picture.media.media_id,
        "TID": platform.templates.choose("43210").template_id,
        "2247483655": str(job.publish_id),
        7: publication.msg_data_id,
        1: comment.user_comment_id,
        134: platform.tags.create(str(len(platform.tags.names))),
    }


async def _send(world: WeChat, path: str, body: Any) -> None:
    # A day for each: the quotas are none of this test's business.
    world.clock.pass_by(24 * 3600)
    params = {"access_token": world.platform.tokens.stable()[0]}
    try:
        answer = await world.http.post(API + path, params=params, json=body)
    except Exception as error:
        error.add_note(f"POST {path} {body}")
        raise
    assert answer.status_code == 200
    assert isinstance(answer.json(), dict)
