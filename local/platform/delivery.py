"""Delivering one message to the account's server as WeChat does: signed, five seconds, up to three times."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import httpx

from wechat_oa.callback import signature
from wechat_oa.callback.crypto import MessageCrypto

from .account import Account, Mode, PushFormat
from .answer import MalformedAnswerError, Reply, read_answer
from .follower import Message, to_json, to_xml

ATTEMPTS = 3
LIMIT = 5.0
"""Seconds until WeChat drops the connection of one attempt."""

FAULT = "该公众号提供的服务出现故障，请稍后再试"
"""What the follower sees when no attempt brought an answer that WeChat can use."""

_MAX_ANSWER = 1024 * 1024
"""Bytes of an answer that are read at most; the largest real ones are a few kilobytes."""


@dataclass(frozen=True, slots=True)
class Channel:
    """How messages reach the account's server: what its owner set in WeChat's console."""

    account: Account
    callback_url: str
    mode: Mode = "plain"
    push_format: PushFormat = "xml"
    limit: float = LIMIT

    def __post_init__(self) -> None:
        if self.mode not in self.account.modes:
            raise ValueError(f"mode {self.mode} needs an EncodingAESKey")


Outcome = Literal["replied", "acknowledged", "timed_out", "refused", "malformed", "unreachable"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt. While it runs, ``outcome`` and ``seconds`` are None."""

    number: int
    started_at: float
    """Epoch seconds."""
    query: Mapping[str, str]
    request: str
    """The body as it was sent."""
    request_plain: str
    """The same before encryption."""
    seconds: float | None = None
    outcome: Outcome | None = None
    reason: str = ""
    """Why the attempt failed, in Chinese; empty when it did not."""
    status: int | None = None
    answer: str = ""
    answer_plain: str = ""
    reply: Reply | None = None
    notes: tuple[str, ...] = ()
    """What WeChat lets pass but the owner should know."""

    @property
    def ended_well(self) -> bool:
        """Whether WeChat is content: it does not come again."""
        return self.outcome in ("replied", "acknowledged")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message on its way: the attempts so far, in order."""

    message: Message
    mode: Mode
    attempts: tuple[Attempt, ...] = ()

    @property
    def done(self) -> bool:
        """Whether there will be no further attempt."""
        if not self.attempts or self.attempts[-1].outcome is None:
            return False
        return self.attempts[-1].ended_well or len(self.attempts) == ATTEMPTS

    @property
    def failed(self) -> bool:
        """Whether every attempt failed, so that the follower is told of a fault."""
        return self.done and not self.attempts[-1].ended_well

    @property
    def reply(self) -> Reply | None:
        """The reply that reached the follower, if there is one."""
        return self.attempts[-1].reply if self.attempts else None


async def deliver(
    message: Message,
    channel: Channel,
    *,
    http: httpx.AsyncClient,
    clock: Callable[[], float] = time.time,
    on_change: Callable[[Delivery], None] = lambda delivery: None,
) -> Delivery:
    """Deliver one message and return all that happened.

    ``on_change`` is called when an attempt starts and when it ends. A failed attempt is followed by the next
    at once, as owners report of WeChat.
    """
    delivery = Delivery(message, channel.mode)
    for number in range(1, ATTEMPTS + 1):
        attempt = _prepared(number, message, channel, clock())
        delivery = replace(delivery, attempts=(*delivery.attempts, attempt))
        on_change(delivery)
        started = time.perf_counter()
        attempt = await _attempted(attempt, message, channel, http)
        attempt = replace(attempt, seconds=time.perf_counter() - started)
        delivery = replace(delivery, attempts=(*delivery.attempts[:-1], attempt))
        on_change(delivery)
        if delivery.done:
            break
    return delivery


def _prepared(number: int, message: Message, channel: Channel, now: float) -> Attempt:
    """The message is the same each time; signature, nonce and ciphertext are fresh."""
    account, to_text = channel.account, to_xml if channel.push_format == "xml" else to_json
    plain = to_text(message.fields())
    timestamp, nonce = str(int(now)), str(secrets.randbelow(2**31))
    query = {
        "signature": signature.sign(account.token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": message.from_user_name,
    }
    request = plain
    if channel.mode != "plain":
        encrypted = MessageCrypto(account.encoding_aes_key, account.app_id).encrypt(plain.encode())
        query |= {
            "encrypt_type": "aes",
            "msg_signature": signature.sign(account.token, timestamp, nonce, encrypted),
        }
        visible = message.fields() if channel.mode == "compatible" else {"ToUserName": message.to_user_name}
        request = to_text({**visible, "Encrypt": encrypted})
    return Attempt(number, now, query, request, plain)


async def _attempted(
    attempt: Attempt, message: Message, channel: Channel, http: httpx.AsyncClient
) -> Attempt:
    try:
        async with asyncio.timeout(channel.limit):
            status, body = await _post(attempt, channel, http)
    except TimeoutError:
        reason = f"{channel.limit:g} 秒内没有回复，微信断开了连接"
        return replace(attempt, outcome="timed_out", reason=reason)
    except httpx.HTTPError as error:
        reason = f"连不上服务器：{error or type(error).__name__}"
        return replace(attempt, outcome="unreachable", reason=reason)
    attempt = replace(attempt, status=status, answer=body.decode("utf-8", "replace"))
    if status != 200:
        return replace(attempt, outcome="refused", reason=f"服务器返回了 HTTP {status}，不是 200")
    try:
        answer = read_answer(
            body, message, account=channel.account, mode=channel.mode, push_format=channel.push_format
        )
    except MalformedAnswerError as error:
        return replace(attempt, outcome="malformed", reason=str(error), answer_plain=error.plain)
    return replace(
        attempt,
        outcome="replied" if answer.reply else "acknowledged",
        answer_plain=answer.plain,
        reply=answer.reply,
        notes=answer.notes,
    )


async def _post(attempt: Attempt, channel: Channel, http: httpx.AsyncClient) -> tuple[int, bytes]:
    async with http.stream(
        "POST",
        channel.callback_url,
        params=dict(attempt.query),
        content=attempt.request.encode(),
        headers={
            "Content-Type": "text/xml" if channel.push_format == "xml" else "application/json",
            "User-Agent": "Mozilla/4.0",
        },
        timeout=None,
        follow_redirects=False,
    ) as response:
        body = b""
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > _MAX_ANSWER:
                break
        return response.status_code, body[:_MAX_ANSWER]
