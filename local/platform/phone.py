"""A follower's phone: sending from it, and what appears on it."""

from __future__ import annotations

from typing import Any

from .account import Mode
from .compose import CannotSendError, Composed
from .delivery import FAULT, Channel, Delivery, deliver
from .follower import Body, Message
from .people import Follower
from .records import Delivered
from .state import Platform

MAX_UNDER_WAY = 500

_SHOW_NOTHING = {"unsubscribe", "VIEW"}
"""Events whose answer the follower never sees: they have left, or are looking at a page."""


def send(platform: Platform, follower: Follower, message: Composed, mode: Mode | None = None) -> str:
    """Start delivering a message, and return the key of its bubble and of its delivery.

    Raises CannotSendError: too many are under way, or the account has no key for the mode.
    """
    if len(platform.under_way) >= MAX_UNDER_WAY:
        raise CannotSendError("还有太多消息在路上，请稍等")
    try:
        channel = platform.channel(mode)
    except ValueError:
        raise CannotSendError("没有配置 EncodingAESKey，只能用明文模式") from None
    msg_id = platform.message_ids.next()
    key, body = str(msg_id), message.body
    platform.note_action(follower, body)
    platform.show(follower, message.side, message.shown_as, message.shown, via="sent", key=key)
    account_id, now = platform.account.original_id, int(platform.clock())
    if not follower.blocked:
        sent = Message(account_id, follower.openid, now, body, msg_id)
        platform.start(_deliver(platform, follower, key, sent, channel))
    return key


async def push_event(platform: Platform, openid: str, body: Body) -> None:
    """Deliver an event of WeChat's own: the account's server is told how something ended."""
    account_id, now = platform.account.original_id, int(platform.clock())
    message = Message(account_id, openid, now, body, platform.message_ids.next())
    await deliver(message, platform.channel(), http=platform.http, clock=platform.clock)


async def _deliver(
    platform: Platform, follower: Follower, key: str, message: Message, channel: Channel
) -> None:
    def show_progress(delivery: Delivery) -> None:
        platform.feed.put("delivery", key, _as_json(delivery, channel), openid=follower.openid)

    delivery = await deliver(
        message, channel, http=platform.http, clock=platform.clock, on_change=show_progress
    )
    for attempt in delivery.attempts:
        failed = not attempt.ended_well
        platform.records.delivered.append(Delivered(attempt.started_at, attempt.seconds or 0.0, failed))
    if message.body.event in _SHOW_NOTHING:
        return
    if delivery.failed:
        platform.show(follower, "notice", "fault", {"content": FAULT}, via="platform")
    elif delivery.reply and delivery.reply.type == "transfer_customer_service":
        platform.show(follower, "notice", "notice", {"content": "已转接人工客服"}, via="reply")
    elif delivery.reply:
        platform.show(follower, "account", delivery.reply.type, delivery.reply.content, via="reply")


def _as_json(delivery: Delivery, channel: Channel) -> dict[str, Any]:
    return {
        "mode": channel.mode,
        "push_format": channel.push_format,
        "limit": channel.limit,
        "done": delivery.done,
        "failed": delivery.failed,
        "attempts": [
            {
                "number": attempt.number,
                "started_at": attempt.started_at,
                "seconds": attempt.seconds,
                "outcome": attempt.outcome,
                "reason": attempt.reason,
                "status": attempt.status,
                "notes": attempt.notes,
                "query": attempt.query,
                "request": attempt.request,
                "request_plain": attempt.request_plain,
                "answer": attempt.answer,
                "answer_plain": attempt.answer_plain,
            }
            for attempt in delivery.attempts
        ],
    }
