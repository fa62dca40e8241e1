"""The model: its answers, however a service sends them, and the words it wants to be asked in."""

from __future__ import annotations

import asyncio
import json

import httpx2
import pytest

from tests.unit.model_service import (
    DONE,
    KEY,
    MESSAGES,
    Answering,
    Service,
    event,
    events,
    failure_of,
    json_answer,
    model_of,
    pieces_of,
    refusal,
)
from wechat_oa.ai.errors import ModelError
from wechat_oa.ai.model import Models
from wechat_oa.ai.usage import count_usage
from wechat_oa.settings import DEFAULT_OPENAI_URL, AiSettings


async def test_pieces_come_as_they_are_streamed() -> None:
    service = Service(events(event(""), event("你"), event("好"), event("。"), event(None), DONE))
    assert await pieces_of(service) == ["你", "好", "。"]
    (asked,) = service.asked
    assert asked == {
        "model": "m",
        "messages": MESSAGES,
        "stream": True,
        "max_tokens": 300,
        "stream_options": {"include_usage": True},
    }
    (request,) = service.requests
    assert str(request.url) == "http://model.test/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {KEY}"


async def test_in_block_mode_the_answer_comes_at_once() -> None:
    service = Service(json_answer({"choices": [{"message": {"role": "assistant", "content": "\n你好。"}}]}))
    assert await pieces_of(service, interaction_mode="block", temperature=0.5, max_tokens=7) == ["你好。"]
    assert service.asked == [
        {"model": "m", "messages": MESSAGES, "stream": False, "max_tokens": 7, "temperature": 0.5}
    ]


async def test_a_service_that_does_not_stream_though_asked_to_is_understood() -> None:
    assert await pieces_of(json_answer({"choices": [{"message": {"content": "你好。"}}]})) == ["你好。"]


async def test_an_event_with_a_whole_message_is_understood() -> None:
    whole = b'data: {"choices": [{"message": {"content": "hello"}}]}\n\n'
    assert await pieces_of(events(whole, DONE)) == ["hello"]


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
async def test_events_are_read_wherever_the_network_cuts_them(newline: bytes) -> None:
    body = b": keep-alive\n\nevent: message\nid: 1\n" + event("你好") + b": ping\n\n\n" + event("，😀。")
    body = (body + b'data:{"choices": [], "usage": {"total_tokens": 9}}\n\n' + DONE).replace(b"\n", newline)
    for size in (1, 2, 3, 7, 50, len(body)):
        chunks = [body[n : n + size] for n in range(0, len(body), size)]
        assert "".join(await pieces_of(events(*chunks))) == "你好，😀。"


async def test_events_that_come_together_go_on_together() -> None:
    assert await pieces_of(events(event("一") + event("二") + event("三"), event("四") + DONE)) == [
        "一二三",
        "四",
    ]


@pytest.mark.parametrize(
    "end", [(), (b"data: [DONE]",), (b"\n",)], ids=["no end", "no newline", "empty line"]
)
async def test_an_answer_that_just_ends_is_whole(end: tuple[bytes, ...]) -> None:
    assert "".join(await pieces_of(events(event("你好"), event("。"), *end))) == "你好。"
    assert "".join(await pieces_of(events(event("你好"), event("。").rstrip()))) == "你好。"


async def test_what_comes_after_the_end_does_not_matter() -> None:
    assert await pieces_of(events(event("好") + DONE + event("坏"), event("坏"))) == ["好"]
    assert await pieces_of(events(event("好"), DONE, httpx2.ReadError("cut"))) == ["好"]
    assert await pieces_of(events(event("好"), DONE, 60.0), timeout=5) == ["好"]


async def test_thinking_and_halves_of_characters_are_put_right_across_pieces() -> None:
    texts = ["\n", "<th", "ink>想", "一想</thi", "nk>\n\n", "好\ud83d", "\ude00", "。"]
    assert "".join(await pieces_of(events(*map(event, texts), DONE))) == "好😀。"


async def test_reasoning_in_a_field_of_its_own_is_left_out() -> None:
    thinking = b'data: {"choices": [{"delta": {"reasoning_content": "hm", "content": null}}]}\n\n'
    assert await pieces_of(events(thinking, event("好"), DONE)) == ["好"]


async def test_a_service_without_a_key_still_gets_a_header() -> None:
    service = Service(events(event("好"), DONE))
    assert await pieces_of(service, api_key="") == ["好"]
    assert service.requests[0].headers["authorization"].startswith("Bearer ")


async def test_openai_itself_is_asked_in_its_own_words() -> None:
    service = Service(events(event("好"), DONE))
    assert await pieces_of(service, api_url=DEFAULT_OPENAI_URL) == ["好"]
    assert service.asked[0]["max_completion_tokens"] == 300
    assert "max_tokens" not in service.asked[0]


# What an answer took


USED = b'data: {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 4, "total_tokens": 9}}\n\n'
GROWING = b'data: {"choices": [], "usage": {"total_tokens": 6}}\n\n'


@pytest.mark.parametrize(
    ("answer", "tokens"),
    [
        (events(event("好"), USED, DONE), 9),
        (events(event("好"), GROWING, USED, DONE), 9),
        (events(event("好"), DONE), None),
        (events(event("好"), b'data: {"choices": [], "usage": null}\n\n', DONE), None),
        (events(event("好"), b'data: {"choices": [], "usage": {"total_tokens": "many"}}\n\n', DONE), None),
        (json_answer({"choices": [{"message": {"content": "好"}}], "usage": {"total_tokens": 7}}), 7),
    ],
    ids=["at the end", "the sum", "never", "null", "nonsense", "with the whole answer"],
)
async def test_the_tokens_are_counted_where_the_service_tells(answer: Answering, tokens: int | None) -> None:
    usage = count_usage()

    assert await pieces_of(answer) == ["好"]
    assert usage.tokens == tokens


async def test_answers_at_the_same_time_are_counted_apart() -> None:
    async def tokens_of(answer: Answering) -> int | None:
        usage = count_usage()
        await pieces_of(answer)
        return usage.tokens

    one, other = events(event("好"), 0.01, USED, DONE), events(event("好"), GROWING, 0.01, DONE)
    assert [*await asyncio.gather(tokens_of(one), tokens_of(other))] == [9, 6]


# Parameters that a model does not take


NOT_MAX_TOKENS = refusal(
    400,
    code="unsupported_parameter",
    message="'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
)
NO_MAX_COMPLETION_TOKENS = refusal(400, message="Unrecognized request argument: max_completion_tokens")
NO_TEMPERATURE = refusal(400, param="temperature", message="Only the default (1) value is supported")


def _picky(*refused: tuple[str, Answering]) -> Answering:
    """A service that refuses some parameters."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked = json.loads(request.content)
        for name, refuse in refused:
            if name in asked:
                return refuse(request)
        return events(event("好"), DONE)(request)

    return answer


@pytest.mark.parametrize(
    ("url", "refused", "sent"),
    [
        ("http://model.test/v1", ("max_tokens", NOT_MAX_TOKENS), "max_completion_tokens"),
        (DEFAULT_OPENAI_URL, ("max_completion_tokens", NO_MAX_COMPLETION_TOKENS), "max_tokens"),
    ],
)
async def test_the_other_name_of_the_limit_is_tried_and_remembered(
    url: str, refused: tuple[str, Answering], sent: str
) -> None:
    service = Service(_picky(refused))
    async with model_of(service, api_url=url) as model:
        for _ in range(3):
            assert [piece async for piece in model.answer(MESSAGES)] == ["好"]
    assert [sent in asked for asked in service.asked] == [False, True, True, True]
    assert service.asked[-1][sent] == 300


async def test_a_refused_temperature_is_left_out_and_remembered() -> None:
    service = Service(_picky(("max_tokens", NOT_MAX_TOKENS), ("temperature", NO_TEMPERATURE)))
    async with model_of(service, temperature=0.0) as model:
        for _ in range(2):
            assert [piece async for piece in model.answer(MESSAGES)] == ["好"]
    assert ["temperature" in asked for asked in service.asked] == [True, True, False, False]


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("message", ["Extra inputs are not permitted: stream_options", "no"])
async def test_a_service_that_does_not_know_how_to_tell_its_usage_is_not_asked_again(
    status: int, message: str
) -> None:
    unknown = refusal(status, message=message)
    service = Service(_picky(("max_tokens", NOT_MAX_TOKENS), ("stream_options", unknown)))
    async with model_of(service) as model:
        for _ in range(2):
            assert [piece async for piece in model.answer(MESSAGES)] == ["好"]
    assert ["stream_options" in asked for asked in service.asked] == [True, True, False, False]


async def test_a_service_that_has_told_its_usage_goes_on_being_asked_for_it() -> None:
    service = Service(events(event("好"), DONE), refusal(400, message="no"), events(event("好"), DONE))
    async with model_of(service) as model:
        assert [piece async for piece in model.answer(MESSAGES)] == ["好"]
        with pytest.raises(ModelError):
            [piece async for piece in model.answer(MESSAGES)]
        assert [piece async for piece in model.answer(MESSAGES)] == ["好"]
    assert ["stream_options" in asked for asked in service.asked] == [True, True, True]


async def test_many_questions_at_once_learn_it_together() -> None:
    async with model_of(_picky(("max_tokens", NOT_MAX_TOKENS))) as model:

        async def ask() -> str:
            return "".join([piece async for piece in model.answer(MESSAGES)])

        assert await asyncio.gather(*(ask() for _ in range(30))) == ["好"] * 30


async def test_a_model_that_takes_neither_name_is_misconfigured() -> None:
    service = Service(refusal(400, message="max_tokens and max_completion_tokens are too large"))
    assert (await failure_of(service)).failure == "misconfigured"
    assert len(service.asked) == 4


# Several models


async def test_the_same_settings_give_the_same_model() -> None:
    service = Service(events(event("好"), DONE))
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(service))
    models = Models(http)
    one, other = AiSettings(api_url="http://one.test"), AiSettings(api_url="http://other.test")
    assert models(one) is models(AiSettings(api_url="http://one.test"))
    for settings in (one, other):
        assert [piece async for piece in models(settings).answer(MESSAGES)] == ["好"]
    assert [request.url.host for request in service.requests] == ["one.test", "other.test"]
    await models.close()
