"""What the account's owner reads when WeChat refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local.platform.api_errors import MESSAGES
from wechat_oa.api.errors import UnknownOutcome, WeChatError, WeChatUnavailable, refusal

FIXTURES = Path(__file__).parents[1] / "fixtures"
PATH = "/cgi-bin/draft/add"
SAMPLES = json.loads((FIXTURES / "api_responses/official_doc_samples.json").read_bytes())[
    "error_samples_seen_in_issues"
]
MISSING_FROM_BOTH = [
    *(40164, 40243, 45028, 45103, 45106, 45110, 53404, 53405, 53406, 53503, 53504, 53505),
    *(88000, 88001, 88002, 88003, 88004, 88005, 88007, 88008, 88009, 88010, 89503, 89506, 89507),
]
UNEXPLAINED = WeChatError(123456789, "", PATH)


def _codes(name: str) -> list[int]:
    return [int(code) for code in json.loads((FIXTURES / "errcodes" / name).read_bytes())]


@pytest.mark.parametrize(
    "errcode",
    [
        *_codes("wxjava_WxMpErrorMsgEnum.json"),
        *_codes("wechatpy_WeChatErrorCode.json"),
        *MISSING_FROM_BOTH,
    ],
)
def test_every_known_errcode_is_explained(errcode: int) -> None:
    error = WeChatError(errcode, "", PATH)

    assert error.explanation != UNEXPLAINED.explanation
    assert error.explanation
    assert error.advice != UNEXPLAINED.advice
    assert error.advice


@pytest.mark.parametrize("errcode", sorted(MESSAGES))
def test_what_the_local_platform_refuses_with_is_explained(errcode: int) -> None:
    error = WeChatError(errcode, MESSAGES[errcode], PATH)

    assert error.explanation != UNEXPLAINED.explanation
    assert error.advice != UNEXPLAINED.advice


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["errcode"])
def test_errors_that_owners_have_met_come_with_an_advice_of_their_own(sample: dict[str, Any]) -> None:
    error = refusal(sample, PATH)

    assert error is not None
    assert error.advice != UNEXPLAINED.advice
    assert str(sample["errcode"]) in str(error)
    assert error.explanation in str(error)
    assert error.advice in str(error)


def test_the_rid_is_taken_out_of_errmsg_and_shown() -> None:
    error = WeChatError(
        40007, "invalid media_id hint: [7uyCKA007158-0] rid: 698ea13f-7fddc2d7-08ae5e0c", PATH
    )

    assert error.rid == "698ea13f-7fddc2d7-08ae5e0c"
    assert error.errmsg == "invalid media_id hint: [7uyCKA007158-0]"
    assert str(error).count("698ea13f-7fddc2d7-08ae5e0c") == 1


def test_a_rid_beside_errmsg_is_found_as_well() -> None:
    error = refusal({"errcode": -1, "rid": "63048678-2c8d56f7-143b681a"}, PATH)

    assert error is not None
    assert error.rid == "63048678-2c8d56f7-143b681a"


@pytest.mark.parametrize(
    ("errmsg", "address"),
    [
        (
            "invalid ip 114.221.21.30 ipv6 ::ffff:114.221.21.30, not in whitelist rid: 658cff8e-7783352d",
            "114.221.21.30",
        ),
        ("invalid ip 3.0.12.7, not in whitelist", "3.0.12.7"),
        ("invalid ip  ipv6 2406:da18::1, not in whitelist", "2406:da18::1"),
    ],
)
def test_40164_names_the_address_that_wechat_saw(errmsg: str, address: str) -> None:
    error = WeChatError(40164, errmsg, "/cgi-bin/stable_token")

    assert f"微信看到的地址是 {address}：" in error.advice
    assert "白名单" in error.advice


def test_40164_without_an_address_still_says_what_to_do() -> None:
    assert "白名单" in WeChatError(40164, "not in whitelist", PATH).advice


def test_48001_tells_of_the_accounts_that_lost_the_publish_apis() -> None:
    advice = WeChatError(48001, "api unauthorized", "/cgi-bin/freepublish/submit").advice

    assert "2025 年 7 月" in advice
    assert "草稿" in advice


def test_an_errcode_nobody_has_published_shows_wechats_own_words() -> None:
    error = WeChatError(987654, "some new rule hint: [x] rid: 1a-2b", PATH)

    assert "987654" in str(error)
    assert "some new rule hint: [x]" in str(error)
    assert "rid" in error.advice


def test_the_path_is_shown_without_its_query() -> None:
    error = WeChatError(40001, "", "/cgi-bin/menu/get?access_token=TOKEN_1")

    assert error.path == "/cgi-bin/menu/get"
    assert "TOKEN_1" not in str(error)


def test_what_was_sent_in_secret_is_not_repeated_when_wechat_repeats_it() -> None:
    error = refusal({"errcode": 40001, "errmsg": "invalid credential TOKEN_1 rid: 1"}, PATH, secret="TOKEN_1")

    assert error is not None
    assert "TOKEN_1" not in str(error) + repr(error)


def test_a_long_errmsg_is_cut() -> None:
    assert len(WeChatError(40035, "x" * 100_000, PATH).errmsg) <= 500


@pytest.mark.parametrize("answer", [{}, {"errcode": 0, "errmsg": "ok"}, {"errcode": "0"}, {"errcode": None}])
def test_an_answer_without_a_wrong_errcode_is_a_success(answer: dict[str, Any]) -> None:
    assert refusal(answer, PATH) is None


@pytest.mark.parametrize(("errcode", "known"), [("40013", 40013), ("what?", None), ([1], None)])
def test_an_errcode_that_is_not_a_number_is_a_refusal_all_the_same(errcode: Any, known: int | None) -> None:
    error = refusal({"errcode": errcode}, PATH)

    assert error is not None
    assert error.errcode == known
    assert str(error)


def test_busy_may_be_tried_again_and_says_so() -> None:
    error = refusal({"errcode": -1, "errmsg": "system error rid: 1a"}, PATH)

    assert isinstance(error, WeChatUnavailable)
    assert not isinstance(error, UnknownOutcome)
    assert error.errcode == -1
    assert "再试" in error.advice


def test_an_unknown_outcome_says_to_look_before_doing_it_again() -> None:
    text = str(UnknownOutcome(PATH, "连接中断：ReadTimeout"))

    assert PATH in text
    assert "不知道是否生效" in text
    assert "直接重试可能会做两遍" in text
    assert "None" not in text


def test_unreachable_names_the_setting_to_look_at() -> None:
    assert "WECHAT_OFFICIAL_API_URL" in str(WeChatUnavailable(PATH, "连接不上：ConnectError"))
