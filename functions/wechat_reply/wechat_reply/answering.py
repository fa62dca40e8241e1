"""A callback request, whole: opened, routed, answered, sealed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

from wechat_oa.callback.envelope import Envelope, open_envelope, verify_url
from wechat_oa.callback.errors import CallbackError, KeyMissingError, MessageError
from wechat_oa.callback.message import Message
from wechat_oa.callback.reply import Reply, TextReply, in_words
from wechat_oa.correlation import correlated
from wechat_oa.identifiers import pseudonym, time_ordered_id
from wechat_oa.metrics import figures
from wechat_oa.store.table import StoreError
from wechat_reply.ladder import Attempt, NoReply
from wechat_reply.routing import (
    AskModel,
    Forget,
    RecordPublishJob,
    Say,
    route,
)
from wechat_reply.services import Services

log = logging.getLogger(__name__)

_WITHOUT_WORDS = {"image": "[图片]", "voice": "[语音]", "video": "[视频]", "shortvideo": "[小视频]"}
_PUBLISH_JOB_SECONDS = 30 * 24 * 3600


class HttpAnswer(NamedTuple):
    """What goes back over HTTP."""

    status: int
    content_type: str
    body: str


_ACKNOWLEDGED = HttpAnswer(200, "text/plain; charset=utf-8", "success")
_REFUSED = HttpAnswer(403, "text/plain; charset=utf-8", "forbidden")
_COME_AGAIN = HttpAnswer(503, "text/plain; charset=utf-8", "")


def verify(services: Services, query: Mapping[str, str]) -> HttpAnswer:
    """Answer WeChat's check of the callback address (GET): the echostr as it came, or 403."""
    try:
        echo = verify_url(query, services.credentials, services.clock())
    except CallbackError as error:
        log.warning("callback check refused: %s", error)
        return _REFUSED
    return HttpAnswer(200, "text/plain; charset=utf-8", echo)


async def answer(
    services: Services, query: Mapping[str, str], body: bytes, elapsed: float = 0.0
) -> HttpAnswer:
    """Answer a message or an event (POST) that came ``elapsed`` seconds ago.

    200 with the reply or ``success``; 403, with no reason, for what WeChat did not send; 503 when this
    attempt has no reply yet and WeChat shall come again. Never raises for anything a stranger can send.
    """
    try:
        envelope = open_envelope(query, body, services.credentials, services.clock())
    except KeyMissingError as error:
        log.error("message not read: %s", error)
        return _ACKNOWLEDGED
    except MessageError as error:
        log.warning("message not understood: %s", error)
        return _ACKNOWLEDGED
    except CallbackError as error:
        log.warning("callback refused: %s", error)
        return _REFUSED
    attempt = Attempt(services, envelope.message, elapsed)
    with correlated(attempt.key):
        return await _answered(attempt, envelope)


async def _answered(attempt: Attempt, envelope: Envelope) -> HttpAnswer:
    outcome = "failed"
    try:
        reply = await _reply(attempt)
        content_type, sealed = envelope.seal(reply, attempt.services.clock())
        outcome = ("replied" if attempt.heard else "too late") if reply else "acknowledged"
        return HttpAnswer(200, content_type, sealed)
    except NoReply:
        outcome = "come again"
        return _COME_AGAIN
    except StoreError as error:
        outcome = "store refused"
        log.error("the store refused: %s", error)
        return _last_words(attempt, envelope)
    finally:
        log.info("message", extra=_told(attempt, outcome))


def _told(attempt: Attempt, outcome: str) -> dict[str, Any]:
    """What the log line of an attempt tells: nothing that was said, and nobody's name."""
    services, message, part = attempt.services, attempt.message, attempt.part
    now = services.clock()
    told: dict[str, Any] = {
        "follower": pseudonym(message.from_user),
        "type": message.event or message.msg_type,
        "outcome": outcome,
        "attempts": attempt.number,
        "milliseconds": round(attempt.waited * 1000, 1),
    }
    counted: dict[str, float | None] = {
        # Whatever WeChat repeats, one attempt is the last.
        "Messages": None if outcome in ("come again", "too late") else 1,
        "Errors": 1 if outcome in ("store refused", "failed") else None,
    }
    if part:
        since = max(attempt.waited, now - part.answer.at)
        told |= {
            "answer": pseudonym(part.answer.key),
            "delivered": attempt.delivered,
            "seconds": round(since, 2),
            "took": dict(part.answer.took),
        }
        if outcome == "replied" and part.answer.key == attempt.key:
            # Not for 继续: the time of an earlier answer is that of its own message.
            counted |= {"InWindow": int(attempt.delivered == "passive"), "AnswerTime": round(since * 1000)}
    return told | figures(services.settings.metrics_namespace, now, counted)


def _last_words(attempt: Attempt, envelope: Envelope) -> HttpAnswer:
    """While WeChat will come again, let it; else say that nothing works, rather than let WeChat say it."""
    if not attempt.too_late:
        return _COME_AGAIN
    text = attempt.services.config.reply_rules().texts["system_busy"]
    content_type, sealed = envelope.seal(TextReply(text), attempt.services.clock())
    return HttpAnswer(200, content_type, sealed)


async def _reply(attempt: Attempt) -> Reply | None:
    services, message = attempt.services, attempt.message
    decision = route(message, services.config.reply_rules(), services.settings.wechat)
    match decision:
        case Say(reply):
            if not message.event:
                _note(services, message, attempt.key, reply)
            return reply
        case Forget(reply):
            await attempt.patiently(lambda: services.conversations.forget(message.from_user))
            await attempt.patiently(lambda: services.answers.forget_unread(message.from_user))
            return reply
        case RecordPublishJob():
            ended = _ended(decision, services.clock())
            job = f"publish#{decision.publish_id}"
            # Whoever submitted it has noted which draft it was.
            await attempt.patiently(lambda: services.table.update(job, "-", set=ended))
            return None
        case "continue":
            return TextReply(await _continue(attempt))
        case "give code":
            return TextReply(await _code(attempt))
        case AskModel():
            return TextReply(await _ask(attempt, decision))
        case "acknowledge":
            return None


async def _code(attempt: Attempt) -> str:
    services, message = attempt.services, attempt.message
    settings, texts = services.settings, services.config.reply_rules().texts
    if settings.chat_access == "code":
        code = await attempt.patiently(lambda: services.codes.for_follower(message.from_user))
        filled = texts["code"].replace("{code}", code).replace("{days}", str(settings.code_valid_days))
        return filled.replace("{link}", settings.chat_url).strip()
    if settings.chat_url:
        return texts["code_not_needed"].replace("{link}", settings.chat_url)
    return await _ask(attempt, AskModel(message.content.strip() or message.event_key))


async def _continue(attempt: Attempt) -> str:
    services, message = attempt.services, attempt.message
    key, number = await attempt.patiently(lambda: services.answers.bind(attempt.key, message.from_user))
    if not key:
        # Everything has been shown: then it is a word like any other, and the model knows what came before.
        # A menu key is no word.
        said = message.content.strip()
        if not said:
            return services.config.reply_rules().texts["all_shown"]
        return await _ask(attempt, AskModel(said))
    answer = await attempt.patiently(lambda: services.answers.get(key))
    if answer and answer.stale(services.clock()):
        text = services.config.reply_rules().texts["abandoned"]
        await attempt.patiently(lambda: services.answers.give_up(answer, text))
    return await attempt.next_part(key, number)


async def _ask(attempt: Attempt, asked: AskModel) -> str:
    services, message = attempt.services, attempt.message
    claimed, first = await attempt.patiently(
        lambda: services.answers.claim(attempt.key, message.from_user, asked.question)
    )
    if claimed.state == "pending":
        # Sent by every attempt until a worker has begun: the queue drops what it has already seen, and a
        # claim whose sender died before sending is not lost.
        job = _job(attempt.key, message, asked)
        await attempt.patiently(
            lambda: services.queue.send(job, group=message.from_user, deduplication_id=attempt.key)
        )
    return await attempt.next_part(attempt.key, claimed.attempts, just_claimed=first)


def _job(key: str, message: Message, asked: AskModel) -> dict[str, Any]:
    return {
        "kind": "answer",
        "key": key,
        "event": bool(message.event),
        "image_url": asked.image_url,
        "voice_media_id": asked.voice_media_id,
        "voice_format": asked.voice_format,
    }


def _note(services: Services, message: Message, key: str, reply: Reply) -> None:
    """Note what the follower wrote and what a rule answered, for the owner and for the model's next answer.

    Two writes, some milliseconds, and worth no more: a store that refuses keeps no reply back. Events are not
    noted, nor the commands that are about the conversation itself: nobody has written anything there.
    """
    said = message.content or message.recognition or _WITHOUT_WORDS.get(message.msg_type, "[消息]")
    turn_id = time_ordered_id(message.create_time, key)
    try:
        services.conversations.remember(message.from_user, turn_id, said.strip(), in_words(reply))
    except StoreError as error:
        log.warning("exchange not noted: %s", error)


def _ended(job: RecordPublishJob, now: float) -> dict[str, Any]:
    return {
        "status": job.status,
        "article_id": job.article_id,
        "article_urls": list(job.article_urls),
        "finished_at": int(now),
        "ttl": int(now) + _PUBLISH_JOB_SECONDS,
    }
