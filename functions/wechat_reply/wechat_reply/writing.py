"""The worker's side of an answer: the model is asked once, and what it says is stored as it comes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncGenerator, Callable
from typing import TypeVar

from wechat_oa.ai.errors import Failure, ModelError
from wechat_oa.ai.usage import count_usage
from wechat_oa.answers import Answer
from wechat_oa.store.table import StoreError
from wechat_reply.services import Services

log = logging.getLogger(__name__)

WRITE_SECONDS = 0.33
"""How often what has come from the model is stored."""
BEAT_SECONDS = 5.0
"""How often the writer gives a sign of life while nothing comes."""
_STORE_PATIENCE = 20.0

_FAILURE_TEXTS: dict[Failure, str] = {
    "busy": "busy",
    "unreachable": "unavailable",
    "timeout": "timeout",
    "refused": "refused",
    "misconfigured": "misconfigured",
    "empty": "empty",
    "too_long": "too_long",
    "broken": "unavailable",
}

T = TypeVar("T")


class TakenOver(Exception):  # noqa: N818  (not a fault: somebody else finishes the answer)
    """Another worker is writing this answer now, or it was given up."""


async def patiently(operation: Callable[[], T]) -> T:
    """Return what ``operation`` returns, trying again for 20 seconds while the store refuses.

    Raises StoreError after that.
    """
    now = asyncio.get_running_loop().time
    began = now()
    delay = 0.1
    while True:
        try:
            return operation()
        except StoreError:
            if now() - began > _STORE_PATIENCE:
                raise
        await asyncio.sleep(delay)
        delay = min(delay * 2, 3.0)


class Writer:
    """Writes one answer."""

    def __init__(self, services: Services, key: str) -> None:
        """Nothing is read or written yet."""
        self._services = services
        self._key = key
        self._name = secrets.token_hex(8)
        self._text = ""
        self._keeper: asyncio.Task[None] | None = None
        self._unnoted: Answer | None = None
        self._took: dict[str, int] = {}

    async def begin(self) -> Answer | None:
        """Return the answer once it is ours to write, or None when it is finished or expired.

        While another worker is writing it, wait: until it is finished, or that worker has fallen silent.
        Raises StoreError.
        """
        answers = self._services.answers
        while True:
            mine = await patiently(lambda: answers.begin(self._key, self._name))
            if mine is not None:
                self._text = mine.text
                self._took["queued"] = round((self._services.clock() - mine.at) * 1000)
                if mine.text:
                    # What the follower has seen of an earlier try stays, but the model cannot go on from it.
                    self._text += self._services.config.reply_rules().texts["restarted"]
                self._unnoted = mine
                self._keeper = asyncio.create_task(self._keep())
                return mine
            answer = await patiently(lambda: answers.get(self._key))
            if answer is None or answer.finished:
                return None
            await asyncio.sleep(1.0)

    async def write(self, pieces: AsyncGenerator[str]) -> tuple[Answer, str]:
        """Store pieces as they come and finish the answer; return it, and what the model said this time.

        A model that fails is said in the answer itself. Raises TakenOver, StoreError.
        """
        start = len(self._text)
        failure: Failure | None = None
        usage, now = count_usage(), asyncio.get_running_loop().time
        asked = now()
        try:
            async with contextlib.aclosing(pieces):
                async for piece in pieces:
                    self._took.setdefault("first", round((now() - asked) * 1000))
                    self._text += piece
                    if self._keeper and self._keeper.done():
                        break
        except ModelError as error:
            log.warning("the model failed: %s", error)
            failure = error.failure
        self._took["whole"] = round((now() - asked) * 1000)
        if usage.tokens is not None:
            self._took["tokens"] = usage.tokens
        said = self._text[start:]
        if failure == "too_long" and not said.strip():
            # All of it was spent on thinking.
            failure = "timeout"
        return await self.finish(failure and _FAILURE_TEXTS[failure]), said

    async def finish(self, failure: str | None = None) -> Answer:
        """Finish the answer with what there is; ``failure`` names the text that says why it is not whole.

        Raises TakenOver, StoreError.
        """
        if failure:
            explanation = self._services.config.reply_rules().texts[failure]
            self._text += f"\n\n（{explanation}）" if self._text.strip() else explanation
        await self.stop()
        await patiently(self._note_unread)
        answers = self._services.answers
        finished = await patiently(
            lambda: answers.finish(self._key, self._name, self._text, failure or "", self._took)
        )
        if finished is None:
            raise TakenOver
        return finished

    async def stop(self) -> None:
        """Give no more signs of life. Raises TakenOver."""
        keeper, self._keeper = self._keeper, None
        if keeper:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper

    async def give_back(self) -> None:
        """Leave the answer to whoever goes on with it: they need not wait until this one seems dead."""
        with contextlib.suppress(TakenOver, StoreError):
            await self.stop()
            self._services.answers.release(self._key, self._name)

    def _note_unread(self) -> None:
        """Let 继续 find the answer, if that is yet to be done. Raises StoreError."""
        if self._unnoted:
            self._services.answers.note_unread(self._unnoted)
            self._unnoted = None

    async def _keep(self) -> None:
        """Store the text about three times a second while it grows, and beat while it does not."""
        # The model is thinking by now: this takes nobody's time. Where it fails, it is tried again below.
        with contextlib.suppress(StoreError):
            self._note_unread()
        now = asyncio.get_running_loop().time
        stored, stored_at = self._text, now()
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            if self._text == stored and now() - stored_at < BEAT_SECONDS:
                continue
            text = self._text
            try:
                self._note_unread()
                if not self._services.answers.write(self._key, self._name, text):
                    raise TakenOver
            except StoreError as error:
                # The next one holds the whole text again.
                log.warning("part of an answer not stored: %s", error)
                continue
            stored, stored_at = text, now()
