"""Customer-service messages, as WeChat wants them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.unit.wechat_api import Platform, Time
from wechat_oa.api import message
from wechat_oa.api.errors import UnknownOutcome, WeChatError

SEND = "/cgi-bin/message/custom/send"
TYPING = "/cgi-bin/message/custom/typing"
OK = {"errcode": 0, "errmsg": "ok"}


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    platform = Platform(tmp_path, Time())
    yield platform
    platform.table.close()


async def test_a_text_is_sent_as_it_is(platform: Platform) -> None:
    platform.answers(SEND, OK)

    await message.send_text(platform.client(), "OPENID", "第一行\n“引号” ]]> <a href='x'>链接</a>")

    assert json.loads(platform.asked(SEND)[0].content) == {
        "touser": "OPENID",
        "msgtype": "text",
        "text": {"content": "第一行\n“引号” ]]> <a href='x'>链接</a>"},
    }
    assert "第一行".encode() in platform.asked(SEND)[0].content


async def test_a_text_can_be_sent_in_the_name_of_a_customer_service_account(platform: Platform) -> None:
    platform.answers(SEND, OK)

    await message.send_text(platform.client(), "OPENID", "你好", kf_account="kf2001@gh_test")

    assert json.loads(platform.asked(SEND)[0].content)["customservice"] == {"kf_account": "kf2001@gh_test"}


@pytest.mark.parametrize("errcode", [45015, 45047, 48001])
async def test_a_refusal_carries_the_errcode_that_callers_fall_back_on(
    platform: Platform, errcode: int
) -> None:
    platform.answers(SEND, {"errcode": errcode, "errmsg": "no rid: 6348bdf8-38ee9781-1cca7b03"})

    with pytest.raises(WeChatError, match="6348bdf8-38ee9781-1cca7b03") as caught:
        await message.send_text(platform.client(), "OPENID", "你好")
    assert caught.value.errcode == errcode


async def test_a_message_that_may_have_arrived_is_not_sent_again(platform: Platform) -> None:
    platform.answers(SEND, httpx.ReadTimeout("slow"))

    with pytest.raises(UnknownOutcome):
        await message.send_text(platform.client(), "OPENID", "你好")
    assert len(platform.asked(SEND)) == 1


@pytest.mark.parametrize(("on", "command"), [(True, "Typing"), (False, "CancelTyping")])
async def test_typing_can_be_shown_and_taken_back(platform: Platform, on: bool, command: str) -> None:
    platform.answers(TYPING, OK)

    await message.typing(platform.client(), "OPENID", on)

    assert json.loads(platform.asked(TYPING)[0].content) == {"touser": "OPENID", "command": command}
