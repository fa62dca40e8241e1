"""One job of the queue: write an answer, remember the turn, push what the follower has not seen."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Protocol

from wechat_oa.ai.errors import ModelError, is_fault
from wechat_oa.ai.images import inline_image
from wechat_oa.ai.prompt import build_messages
from wechat_oa.answers import Answer
from wechat_oa.correlation import correlated
from wechat_oa.identifiers import pseudonym
from wechat_oa.metrics import figures
from wechat_oa.quota import EVENT_GRANT, MESSAGE_GRANT, Grant
from wechat_oa.settings import AiSettings
from wechat_reply.services import Services
from wechat_reply.writing import TakenOver, Writer, patiently

log = logging.getLogger(__name__)

WINDOW_SECONDS = 15.0
"""WeChat's three attempts together: whoever has not replied by then cannot any more."""
_COURTESY_SECONDS = 5.0
_NO_HURRY = 3600.0


class AnsweringModel(Protocol):
    """What is needed of a model."""

    def answer(self, messages: list[dict[str, Any]], *, seconds: float | None = None) -> AsyncGenerator[str]:
        """Yield the answer piece by piece. Raises ModelError."""
        ...

    async def transcribe(self, voice: bytes, file_name: str) -> str:
        """Return what is said. Raises ModelError."""
        ...


class Messenger(Protocol):
    """What is needed of the account's side: customer-service messages, and what followers sent."""

    def typing(self, openid: str) -> Coroutine[None, None, None]:
        """Show the follower that an answer is being written. Never raises: it is only a courtesy."""
        ...

    async def push(self, key: str) -> bool:
        """Send what the follower has not seen of an answer and return whether nothing is left.

        Raises StoreError.
        """
        ...

    async def voice(self, media_id: str) -> bytes | None:
        """Return a voice message that a follower sent, or None when it cannot be had."""
        ...


class Worker:
    """Does the queue's jobs."""

    def __init__(
        self,
        services: Services,
        model: Callable[[AiSettings], AnsweringModel],
        messenger: Messenger | None,
    ) -> None:
        """``messenger`` is None for an account whose API is not to be called."""
        self._services = services
        self._model = model
        self._messenger = messenger

    async def work(self, job: Mapping[str, Any], *, seconds: float = _NO_HURRY) -> None:
        """Do one job; whatever it waits for, the model has to end within ``seconds``.

        Doing a job again is safe: what is done stays done.

        Raises StoreError when the store refuses for long, and whatever is not foreseen: the job is then to
        be done again.
        """
        with correlated(job["key"]):
            if job["kind"] == "push":
                delivered = await self._push(await self._answer(job["key"]))
                log.info("push", extra={"delivered": delivered})
                return
            try:
                written = await self._write(job, asyncio.get_running_loop().time() + seconds)
            except TakenOver:
                log.warning("another worker writes this answer")
                return
            delivered = await self._push(written or await self._answer(job["key"]))
            if written:
                log.info("answer", extra=_told(self._services, written, delivered))

    async def _answer(self, key: str) -> Answer | None:
        return await patiently(partial(self._services.answers.get, key))

    async def _write(self, job: Mapping[str, Any], deadline: float) -> Answer | None:
        """Return the answer that was written; None if that has been done before, or it is expired."""
        services = self._services
        key: str = job["key"]
        writer = Writer(services, key)
        answer = await writer.begin()
        if answer is None:
            return None
        try:
            return await self._answered(job, writer, answer, deadline)
        except asyncio.CancelledError:
            await writer.give_back()
            raise
        finally:
            await writer.stop()

    async def _answered(
        self, job: Mapping[str, Any], writer: Writer, answer: Answer, deadline: float
    ) -> Answer:
        services = self._services
        ai = services.ai
        model = self._model(ai)
        async with self._greeting(answer, EVENT_GRANT if job.get("event") else MESSAGE_GRANT):
            question = answer.question
            if not await self._within_limits(answer):
                return await self._noted(await writer.finish("over_limit"), question)
            if job.get("voice_media_id"):
                question = await self._listen(model, job, deadline)
                if not question:
                    return await self._noted(await writer.finish("voice_unclear"), "[语音]")
            turns = await patiently(partial(services.conversations.recent, answer.openid))
            image = job.get("image_url", "")
            if image:
                image = await inline_image(image, services.settings.official_api_url)
            messages = build_messages(ai.prompt, turns, question, image_url=image)
            left = max(1.0, deadline - asyncio.get_running_loop().time())
            finished, said = await writer.write(model.answer(messages, seconds=left))
            # Whoever waits for it in this very process replies first; what follows is for the next question.
            await asyncio.sleep(0)
        await self._noted(finished, question, said)
        await patiently(partial(services.answers.forget_read, answer.openid))
        return finished

    async def _noted(self, finished: Answer, question: str, said: str = "") -> Answer:
        """Note what was asked and said: for the model, or, where that failed, for the owner alone."""
        remember = self._services.conversations.remember
        failure = "" if finished.failure == "too_long" else finished.failure
        text = finished.text if failure else said
        await patiently(partial(remember, finished.openid, finished.id, question, text, failure=failure))
        return finished

    @contextlib.asynccontextmanager
    async def _greeting(self, answer: Answer, grant: Grant) -> AsyncGenerator[None]:
        """Where pushes are allowed: open their window, and show that an answer is being written."""
        if self._messenger is None or not self._services.may_push:
            yield
            return
        await patiently(partial(self._services.quota.open_window, answer.openid, grant, answer.at))
        courtesy = asyncio.create_task(self._messenger.typing(answer.openid))
        try:
            yield
        finally:
            # Not cancelled at once: it may be fetching the access token that everybody waits for.
            await asyncio.wait((courtesy,), timeout=_COURTESY_SECONDS)
            courtesy.cancel()
            await asyncio.gather(courtesy, return_exceptions=True)

    async def _within_limits(self, answer: Answer) -> bool:
        settings, quota = self._services.settings, self._services.quota
        return await patiently(
            lambda: (
                quota.take("wechat", answer.openid, settings.follower_daily_limit)
                and quota.take("wechat", "*", settings.daily_limit)
            )
        )

    async def _listen(self, model: AnsweringModel, job: Mapping[str, Any], deadline: float) -> str:
        voice = await self._messenger.voice(job["voice_media_id"]) if self._messenger else None
        if not voice:
            return ""
        try:
            async with asyncio.timeout_at(deadline):
                return await model.transcribe(voice, f"voice.{job.get('voice_format') or 'amr'}")
        except (ModelError, TimeoutError) as error:
            log.warning("voice not understood: %s", error)
            return ""

    async def _push(self, answer: Answer | None) -> str:
        """Push the rest, if pushing is allowed and no attempt of WeChat's is there to take it.

        Return how the answer gets, or got, to the follower, for the log.
        """
        if answer is None:
            return "expired"
        if answer.all_shown:
            return "passive"
        if not answer.parts and self._services.clock() - answer.at < WINDOW_SECONDS:
            # An attempt of WeChat's takes it; the callback's own line tells how that went.
            return "awaited"
        if self._messenger and self._services.may_push and await self._messenger.push(answer.key):
            return "customer-service"
        return "link" if self._services.settings.chat_url else "unread"


def _told(services: Services, answer: Answer, delivered: str) -> dict[str, Any]:
    """What the log line of an answer tells: nothing that was said, and nobody's name."""
    now, took = services.clock(), answer.took
    asked = "whole" in took
    counted = {
        "ModelFirstPiece": took.get("first"),
        "ModelTime": took.get("whole"),
        "ModelErrors": int(is_fault(answer.failure)) if asked else None,
        "Tokens": took.get("tokens"),
    }
    return {
        "follower": pseudonym(answer.openid),
        "attempts": answer.attempts,
        "failure": answer.failure,
        "characters": len(answer.text),
        "seconds": round(now - answer.at, 2),
        "took": dict(took),
        "delivered": delivered,
        **figures(services.settings.metrics_namespace, now, counted),
    }
