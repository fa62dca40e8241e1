"""A model that fails: in one of eight ways, keeping what was said, and giving nothing away."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Iterable
from typing import Any

import httpx2
import pytest

from tests.unit.model_service import (
    AT_ONCE,
    DONE,
    KEY,
    MESSAGES,
    QUESTION,
    Answering,
    Service,
    Stream,
    event,
    events,
    failed,
    failure_of,
    json_answer,
    model_of,
    pieces_of,
    refusal,
)
from wechat_oa.ai.errors import ModelError
from wechat_oa.ai.model import MAX_ANSWER_CHARACTERS


@pytest.mark.parametrize(
    ("status", "error", "failure"),
    [
        (401, {"code": "invalid_api_key"}, "misconfigured"),
        (402, {"code": "invalid_request_error"}, "misconfigured"),
        (403, {}, "misconfigured"),
        (404, {"code": "model_not_found"}, "misconfigured"),
        (405, {}, "misconfigured"),
        (301, {}, "misconfigured"),
        (429, {"code": "insufficient_quota"}, "misconfigured"),
        (400, {"code": "Arrearage"}, "misconfigured"),
        (400, {"code": "model_not_found"}, "misconfigured"),
        (429, {"code": "rate_limit_exceeded"}, "busy"),
        (429, {"code": 1302}, "busy"),
        (408, {}, "busy"),
        (500, {}, "busy"),
        (503, {}, "busy"),
        (400, {"code": "content_filter", "message": "no"}, "refused"),
        (413, {}, "refused"),
        (422, {}, "refused"),
    ],
)
async def test_a_refusal_says_whose_it_is_to_mend(status: int, error: dict[str, Any], failure: str) -> None:
    assert (await failure_of(refusal(status, **error))).failure == failure


@pytest.mark.parametrize(
    "body", [b"", b"<html>bad gateway</html>", b"\xff\xfe", b'{"error": "text"}', b"[1]"]
)
@pytest.mark.parametrize(("status", "failure"), [(400, "refused"), (404, "misconfigured"), (502, "busy")])
async def test_a_refusal_in_no_known_form_is_told_by_its_status(
    body: bytes, status: int, failure: str
) -> None:
    answering: Answering = lambda request: httpx2.Response(status, content=body, headers=AT_ONCE)  # noqa: E731
    assert (await failure_of(answering)).failure == failure


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_what_passes_is_tried_again(status: int) -> None:
    service = Service(refusal(status), refusal(status), events(event("好"), DONE))
    assert await pieces_of(service) == ["好"]
    assert len(service.asked) == 3


async def test_a_service_that_is_not_there_is_unreachable() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no route to host")

    error = await failure_of(refuse)
    assert (error.failure, str(error)) == ("unreachable", "unreachable: ConnectError")


BROKEN: list[tuple[Answering, str]] = [
    (events(b"data: no json\n\n"), ""),
    (events(b"data: [1]\n\n"), ""),
    (events(b"data: " + b"[" * 100_000 + b"\n\n"), ""),
    (
        events(event("你好"), b'data: {"error": {"message": "overloaded", "code": 500}}\n\n', event("坏")),
        "你好",
    ),
    (events(event("你好"), b'data: {"error": "overloaded"}\n\n'), "你好"),
    (events(event("你好"), b'data: {"choices": [{"del'), "你好"),
    (events(event("你好"), httpx2.ReadError("connection reset")), "你好"),
    (events(event("你好"), httpx2.RemoteProtocolError("incomplete chunked read")), "你好"),
    (events(b"data: " + b"a" * 2_000_000), ""),
    (json_answer({"error": {"message": "no", "code": "x"}}), ""),
    (json_answer({"choices": []}), ""),
    (json_answer([]), ""),
    (lambda request: httpx2.Response(200, text="<html>Welcome</html>"), ""),
    (lambda request: httpx2.Response(200, content=b"\xff\xfe\x00"), ""),
    (lambda request: httpx2.Response(204), ""),
]


@pytest.mark.parametrize(("answering", "said"), BROKEN)
async def test_what_makes_no_sense_breaks_the_answer_but_keeps_what_was_said(
    answering: Answering, said: str
) -> None:
    assert (await failure_of(answering, said)).failure == "broken"


@pytest.mark.parametrize(
    "answering",
    [
        events(DONE),
        events(event(""), event(None), event("\n "), DONE),
        events(event("<think>想了很久"), DONE),
        events(
            b'data: {"choices": 5}\n\n', b'data: {"choices": [null, {"delta": "x"}]}\n\n', b"data: {}\n\n"
        ),
        events(b""),
        json_answer({"choices": [{"message": {"content": ""}}]}),
        json_answer({"choices": [{"message": {"content": None, "refusal": "no"}}]}),
        json_answer({"choices": [{"message": "no object"}]}),
    ],
)
async def test_an_answer_without_text_is_empty(answering: Answering) -> None:
    assert (await failure_of(answering)).failure == "empty"


@pytest.mark.parametrize(
    ("answering", "said"),
    [
        (events(event("写到一"), event("半", finish_reason="length"), DONE), "写到一半"),
        (events(event("写到一") + event(None, finish_reason="length") + DONE), "写到一"),
        (events(event("写到一"), event(None, finish_reason="length").strip()), "写到一"),
        (json_answer({"choices": [{"message": {"content": "写到一"}, "finish_reason": "length"}]}), "写到一"),
        (events(event("<think>想到一"), event(None, finish_reason="length"), DONE), ""),
    ],
)
async def test_an_answer_that_the_limit_cut_off_does_not_look_whole(answering: Answering, said: str) -> None:
    assert (await failure_of(answering, said)).failure == "too_long"


async def test_a_model_that_never_stops_is_stopped() -> None:
    def forever() -> Iterable[bytes]:
        while True:
            yield event("字" * 999)

    stream = Stream(forever())
    answering: Answering = lambda request: httpx2.Response(  # noqa: E731
        200, headers={"content-type": "text/event-stream"}, stream=stream
    )
    most = "字" * MAX_ANSWER_CHARACTERS
    assert (await failure_of(answering, most)).failure == "too_long"
    assert stream.closed
    assert (
        await failure_of(json_answer({"choices": [{"message": {"content": most * 2}}]}), most)
    ).failure == ("too_long")


@pytest.mark.parametrize(
    ("chunks", "said", "seconds"),
    [([30.0], "", 0.2), ([event("你好"), 30.0], "你好", 1.0), ([b": ping\n\n", 0.04] * 1000, "", 0.2)],
    ids=["silent from the start", "silent in the middle", "nothing but signs of life"],
)
async def test_the_whole_answer_has_only_so_much_time(
    chunks: list[bytes | float], said: str, seconds: float
) -> None:
    stream = Stream(chunks)
    answering: Answering = lambda request: httpx2.Response(  # noqa: E731
        200, headers={"content-type": "text/event-stream"}, stream=stream
    )
    now = asyncio.get_running_loop().time
    began = now()
    assert (await failure_of(answering, said, timeout=seconds)).failure == "timeout"
    assert seconds * 0.9 < now() - began < 25, "long before the service says anything more"
    assert stream.closed, "the service need not go on"


async def test_a_client_that_times_out_is_a_timeout() -> None:
    assert (await failure_of(events(event("你"), httpx2.ReadTimeout("")), "你")).failure == "timeout"


async def test_a_slow_answer_is_not_heard_to_its_end() -> None:
    async with model_of(events(*(event("字"), 0.02) * 500), timeout=1) as model:
        said, failure = await failed(model.answer(MESSAGES))
    assert failure.failure == "timeout"
    assert 0 < len(said) < 100


@pytest.mark.parametrize(("seconds", "setting"), [(0.1, 60), (60, 0.1)])
async def test_of_two_bounds_the_smaller_holds(seconds: float, setting: float) -> None:
    async with model_of(events(30.0), timeout=setting) as model:
        _, failure = await failed(model.answer(MESSAGES, seconds=seconds))
    assert failure.failure == "timeout"


# Secrecy


@pytest.mark.parametrize(
    "answering",
    [
        refusal(400),
        refusal(401),
        refusal(429, code="insufficient_quota"),
        refusal(500),
        events(f'data: {{"error": {{"message": "{QUESTION} {KEY}", "type": "t"}}}}\n\n'.encode()),
        events(f"data: {QUESTION}\n\n".encode()),
        json_answer({"error": {"message": f"{QUESTION} {KEY}"}}),
        json_answer(QUESTION),
    ],
)
async def test_neither_question_nor_key_is_in_any_log_or_traceback(
    answering: Answering, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "wechat_oa")
    error = await failure_of(answering, temperature=1.0)
    logged = "".join(record.getMessage() for record in caplog.records if record.name.startswith("wechat_oa"))
    told = logged + "".join(traceback.format_exception(error)) + repr(error)
    assert "秘密" not in told
    assert KEY not in told


# Voice


async def test_a_voice_is_sent_with_its_name_and_comes_back_as_text() -> None:
    service = Service(json_answer({"text": " 今天天气怎么样\n"}))
    async with model_of(service, transcription_model="whisper-1") as model:
        assert await model.transcribe(b"#!AMR\nvoice", "voice.amr") == "今天天气怎么样"
    (request,) = service.requests
    assert str(request.url) == "http://model.test/v1/audio/transcriptions"
    for part in (b'filename="voice.amr"', b"#!AMR\nvoice", b"whisper-1"):
        assert part in request.content


@pytest.mark.parametrize(
    ("answering", "failure"),
    [
        (refusal(401), "misconfigured"),
        (refusal(500), "busy"),
        (json_answer({"text": None}), "broken"),
        (json_answer({"error": "no"}), "broken"),
        (json_answer(["text"]), "broken"),
        (lambda request: httpx2.Response(200, text="<html>"), "broken"),
        (
            lambda request: httpx2.Response(200, content=b"{", headers={"content-type": "application/json"}),
            "broken",
        ),
        (events(30.0), "timeout"),
    ],
)
async def test_a_voice_that_cannot_be_understood_is_a_failure_as_well(
    answering: Answering, failure: str
) -> None:
    patience = 0.3 if failure == "timeout" else 30.0
    async with model_of(answering, transcription_model="w", timeout=patience) as model:
        with pytest.raises(ModelError) as refused:
            await model.transcribe(b"voice", "voice.amr")
    assert refused.value.failure == failure
    assert KEY not in "".join(traceback.format_exception(refused.value))
