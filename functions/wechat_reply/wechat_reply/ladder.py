"""The answer ladder: WeChat waits 5 seconds and asks three times in all, which is time for most answers.

Each attempt waits for the whole answer. The first two do not reply to an unfinished one: WeChat hangs up and
comes again with the same message. The last replies with what there is, and tells how to get the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from wechat_oa.answers import Answer, Part
from wechat_oa.callback.message import Message
from wechat_oa.store.table import StoreError
from wechat_reply.rendering import message_cut, part_text
from wechat_reply.services import Services

LAST_ATTEMPT = 3
HANG_UP_SECONDS = 5.5
"""WeChat hangs up after 5; an earlier answer other than the reply itself would end its attempts."""
_HEARD_SECONDS = 5.0
_SOONEST = 0.01
"""Seconds until an answer is looked for again, at least."""
_LAST_ATTEMPT_AGE = 9.0
"""A message as old as this when it arrives is here for the last time: attempts before it never reached us."""

T = TypeVar("T")


class NoReply(Exception):  # noqa: N818  (an outcome of the ladder, not an error)
    """This attempt has no reply, and must not be taken for an acknowledgement: WeChat shall come again."""


class Attempt:
    """One delivery of one message by WeChat, and the time it has."""

    def __init__(self, services: Services, message: Message, elapsed: float = 0.0) -> None:
        """Begin to count this attempt's time; ``elapsed`` seconds of it are over already."""
        self.services = services
        self.message = message
        self.key = message.key
        self.number = 1
        """How often WeChat has delivered the message, as far as we have seen."""
        self.part: Part | None = None
        """What of an answer is replied with."""
        self.delivered = ""
        """How the follower gets the rest of the answer: ``passive`` where this reply holds it all."""
        self._now = asyncio.get_running_loop().time
        self._began = self._now() - elapsed

    @property
    def waited(self) -> float:
        """Seconds since the attempt began."""
        return self._now() - self._began

    def is_last(self, number: int) -> bool:
        """Return whether WeChat will not come again after this, the ``number``-th delivery we have seen."""
        return number >= LAST_ATTEMPT or self.too_late

    @property
    def too_late(self) -> bool:
        """Whether the message is so old that this must be WeChat's last attempt."""
        return self.services.clock() - self.waited - self.message.create_time >= _LAST_ATTEMPT_AGE

    @property
    def heard(self) -> bool:
        """Whether a reply now finds WeChat still waiting, or at least is the last there is."""
        return self.waited <= _HEARD_SECONDS or self.is_last(self.number)

    async def patiently(self, operation: Callable[[], T]) -> T:
        """Return what ``operation`` returns, trying again while the store refuses and there is time.

        Raises StoreError when this attempt's time is over.
        """
        while True:
            try:
                return operation()
            except StoreError:
                if self.waited > self.services.settings.ai_timeout:
                    raise
                await asyncio.sleep(0.2)

    async def next_part(self, key: str, number: int, *, just_claimed: bool = False) -> str:
        """Return the text to reply with: the next part of the answer ``key`` for this message.

        ``number`` is how often WeChat has delivered the message; while it is ``just_claimed`` nothing is to
        be read yet. Raises NoReply, StoreError.
        """
        services = self.services
        self.number = number
        texts = services.config.reply_rules().texts
        push = services.may_push
        link = services.link(key)
        prompt = (texts["push_prompt"] if push else services.settings.timeout_prompt).replace("{link}", link)
        last = self.is_last(number)
        known = await services.answers.pause(key, _SOONEST, _SOONEST) if just_claimed else None
        seconds = services.settings.ai_timeout if last else HANG_UP_SECONDS
        part = await self._wait(key, prompt, seconds, known)
        if part is None and not last:
            raise NoReply
        if part is None:
            part = await self.patiently(lambda: self._hand_over(key, prompt, unfinished=True))
        if part is None:
            return texts["abandoned"].strip()
        self.part = part
        rest = "customer-service" if push else "link" if link else "unread"
        self.delivered = "passive" if part.last else rest
        if push and part.answer.finished and not part.last:
            job = {"kind": "push", "key": key}
            await self.patiently(
                lambda: services.queue.send(
                    job, group=part.answer.openid, deduplication_id=f"push#{part.end}#{key}"
                )
            )
        if link and not part.last:
            await self.patiently(lambda: services.answers.publish(key, services.link_id(key)))
        if text := part_text(part, prompt):
            return text
        if part.last:
            return texts["all_shown"]
        if part.start:
            return texts["nothing_new"]
        thinking = "thinking_push" if push else "thinking_link" if link else "thinking"
        return texts[thinking].replace("{link}", link)

    async def _wait(self, key: str, prompt: str, seconds: float, known: Answer | None) -> Part | None:
        """Return the next part once the answer is finished, or None when ``seconds`` are over.

        A tenth of what has been waited is waited again: an answer that comes soon is seen soon, and a slow
        one costs few reads. One that this very process finishes is seen at once.
        """
        while True:
            try:
                if part := self._hand_over(key, prompt, unfinished=False, known=known):
                    return part
            except StoreError:
                if self.waited >= seconds:
                    raise
            left = seconds - self.waited
            if left <= 0:
                return None
            pause = min(max(self.waited / 10, _SOONEST), 0.2, left)
            known = await self.services.answers.pause(key, pause, left)

    def _hand_over(
        self, key: str, prompt: str, *, unfinished: bool, known: Answer | None = None
    ) -> Part | None:
        cut = message_cut(prompt, self.services.settings.ai_len_limit)
        return self.services.answers.hand_over(key, self.key, cut, unfinished=unfinished, known=known)
