"""The model: any OpenAI-compatible chat service, streamed piece by piece."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any

import httpx2

from wechat_oa.ai.errors import ModelError, RefusedError
from wechat_oa.ai.pieces import Cleaner
from wechat_oa.ai.service import HTTP_ERRORS, Service, make_model_client, read_whole
from wechat_oa.ai.usage import note_usage
from wechat_oa.settings import DEFAULT_OPENAI_URL, AiSettings

log = logging.getLogger(__name__)

MAX_ANSWER_CHARACTERS = 40_000
"""A model that never stops is stopped here."""
_MAX_LINE = 1 << 20
_DONE = b"[DONE]"
_DRAIN_SECONDS = 0.05


class Model:
    """One service and one model."""

    def __init__(self, settings: AiSettings, http: httpx2.AsyncClient) -> None:
        """Nothing is sent yet; ``http`` keeps the connections, and may be shared."""
        self._settings = settings
        self._service = Service(settings.api_url, settings.api_key, http)
        # OpenAI's newer models refuse max_tokens, everyone else's know nothing but it.
        official = settings.api_url == DEFAULT_OPENAI_URL
        self._limit_name = "max_completion_tokens" if official else "max_tokens"
        self._temperature = settings.temperature
        # Else a stream does not say what it took.
        self._asks_usage = settings.interaction_mode == "stream"
        self._usage_taken = False

    async def answer(
        self, messages: Sequence[Mapping[str, Any]], *, seconds: float | None = None
    ) -> AsyncGenerator[str]:
        """Yield the answer to a conversation, piece by piece (in block mode: all of it at once).

        ``messages`` are chat-completion messages; ``seconds`` bounds the whole answer, if it is less than
        the setting. What a model thinks to itself (``<think>``) is left out. Closing the iterator ends the
        request. Raises ModelError: before the first piece, or after any.
        """
        allowed = min(self._settings.timeout, seconds or self._settings.timeout)
        deadline = asyncio.get_running_loop().time() + allowed
        cleaner = Cleaner()
        length = 0
        try:
            async with asyncio.timeout_at(deadline):
                response = await self._ask(messages)
            async with contextlib.aclosing(response), contextlib.aclosing(_pieces(response)) as pieces:
                while length < MAX_ANSWER_CHARACTERS:
                    async with asyncio.timeout_at(deadline):
                        piece = await anext(pieces, None)
                    text = cleaner.feed(piece) if piece is not None else cleaner.end()
                    text = text[: MAX_ANSWER_CHARACTERS - length]
                    length += len(text)
                    if text:
                        yield text
                    if piece is None:
                        break
        except (TimeoutError, httpx2.ReadTimeout) as error:
            raise ModelError("timeout", "no end of the answer in time") from error
        except HTTP_ERRORS as error:
            raise ModelError("broken", type(error).__name__) from error
        if length == 0:
            raise ModelError("empty", "the model answered nothing")
        if length == MAX_ANSWER_CHARACTERS:
            raise ModelError("too_long", "the model does not stop")

    async def transcribe(self, voice: bytes, file_name: str) -> str:
        """Return what is said in a voice message (``audio/transcriptions``). Raises ModelError."""
        model = {"model": self._settings.transcription_model}
        try:
            async with asyncio.timeout(self._settings.timeout):
                response = await self._service.post(
                    "/audio/transcriptions", data=model, files={"file": (file_name, voice)}
                )
                async with contextlib.aclosing(response):
                    text = _json(await read_whole(response)).get("text")
        except (TimeoutError, httpx2.ReadTimeout) as error:
            raise ModelError("timeout", "no transcript in time") from error
        except HTTP_ERRORS as error:
            raise ModelError("broken", type(error).__name__) from error
        if not isinstance(text, str):
            raise ModelError("broken", "no transcript in the answer")
        return text.strip()

    async def _ask(self, messages: Sequence[Mapping[str, Any]]) -> httpx2.Response:
        """Send the request; when the model refuses a parameter by name, leave that out and ask again."""
        for _ in range(4):
            parameters: dict[str, Any] = {
                "model": self._settings.model,
                "messages": messages,
                "stream": self._settings.interaction_mode == "stream",
                self._limit_name: self._settings.max_tokens,
            }
            if self._temperature is not None:
                parameters["temperature"] = self._temperature
            if self._asks_usage:
                parameters["stream_options"] = {"include_usage": True}
            try:
                response = await self._service.ask("/chat/completions", parameters)
            except RefusedError as error:
                if error.status not in (400, 422) or not self._adapt(error.about, parameters):
                    raise
            else:
                self._usage_taken = self._asks_usage
                return response
        raise ModelError("misconfigured", "the model takes neither of the ways to ask it")

    def _adapt(self, about: str, sent: Mapping[str, Any]) -> bool:
        """Remember what to do differently; ``sent`` tells what was wrong, since by now another question may
        have been refused for the same."""
        if "max_tokens" in sent and "max_tokens" in about:
            self._limit_name = "max_completion_tokens"
        elif "max_completion_tokens" in sent and "max_completion_tokens" in about:
            self._limit_name = "max_tokens"
        elif "temperature" in sent and "temperature" in about:
            self._temperature = None
        elif "stream_options" in sent and ("stream_options" in about or not self._usage_taken):
            # Not every service names what it does not know, and a figure for the log is not worth an answer.
            self._asks_usage = False
        else:
            return False
        log.warning("the model refused a parameter, asking without it")
        return True


async def _pieces(response: httpx2.Response) -> AsyncGenerator[str]:
    """Yield the text of an event stream, or of one JSON answer, as it arrives."""
    if "text/event-stream" not in response.headers.get("content-type", ""):
        answer = _whole(await read_whole(response))
        yield _content(answer)
        _check_whole([answer])
        return
    rest = b""
    chunks = response.aiter_bytes()
    async for chunk in chunks:
        # One network read may hold many events: their texts go on together.
        *lines, rest = (rest + chunk).split(b"\n")
        events = [line[5:].strip() for line in lines if line.startswith(b"data:")]
        ended = _DONE in events
        if ended:
            del events[events.index(_DONE) :]
        deltas: list[dict[str, Any]] = []
        try:
            deltas.extend(_delta(event) for event in events)
        finally:
            # What came before an error in the same read was said all the same.
            if piece := "".join([_content(delta) for delta in deltas]):
                yield piece
        _check_whole(deltas)
        if ended:
            await _drain(chunks)
            return
        if len(rest) > _MAX_LINE:
            raise ModelError("broken", "an event without an end")
    if rest.startswith(b"data:") and rest[5:].strip() != _DONE:
        delta = _delta(rest[5:])
        yield _content(delta)
        _check_whole([delta])


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    """Read to the end of a response that has said all, so that its connection can be used again.

    A new one costs a handshake; a service that keeps this one open is not waited for, and how it ends no
    longer matters.
    """
    with contextlib.suppress(TimeoutError, *HTTP_ERRORS):
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for _ in chunks:
                pass


def _delta(data: bytes) -> dict[str, Any]:
    """What one event adds."""
    event = _json(data)
    if error := event.get("error"):
        raise ModelError("broken", f"error event: {_short(error)}")
    return event


def _whole(data: bytes) -> dict[str, Any]:
    answer = _json(data)
    if not answer.get("choices"):
        raise ModelError("broken", f"no answer in the answer: {_short(answer.get('error'))}")
    return answer


def _check_whole(answers: Sequence[Mapping[str, Any]]) -> None:
    """Raise ModelError when the model says that it was stopped by the most it may use: half a sentence must
    not look whole."""
    for answer in answers:
        note_usage(answer)
        choices = answer.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict) and choice.get("finish_reason") == "length":
                raise ModelError("too_long", "OPENAI_MAX_TOKENS is used up")


def _content(answer: Mapping[str, Any]) -> str:
    """The text of the first choice that has any."""
    choices = answer.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        said = (choice.get("delta") or choice.get("message")) if isinstance(choice, dict) else None
        text = said.get("content") if isinstance(said, dict) else None
        if isinstance(text, str):
            return text
    return ""


def _json(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ModelError("broken", "not JSON") from error
    if not isinstance(value, dict):
        raise ModelError("broken", "JSON of another shape")
    return value


def _short(error: object) -> str:
    """An error for the log: its type and code, never its text, which may quote the question."""
    return f"{error.get('type')} {error.get('code')}"[:80] if isinstance(error, dict) else "unknown"


class Models:
    """Models by their settings, on one pool of connections."""

    def __init__(self, http: httpx2.AsyncClient | None = None) -> None:
        """``http`` is for tests and for clients of one's own; it is closed with the models."""
        self._http = http or make_model_client()
        self._models: dict[AiSettings, Model] = {}

    def __call__(self, settings: AiSettings) -> Model:
        """Return the model for these settings, the same one each time."""
        if settings not in self._models:
            # Settings change rarely: what was made for earlier ones is let go.
            self._models = {settings: Model(settings, self._http)}
        return self._models[settings]

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()
