"""Verify, decrypt, parse, reply, encrypt: ours, wechatpy's and WeRoBot's, with the same messages."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from wechatpy import parse_message  # type: ignore[import-untyped]
from wechatpy.crypto import WeChatCrypto  # type: ignore[import-untyped]
from wechatpy.replies import TextReply as WechatpyReply  # type: ignore[import-untyped]
from wechatpy.utils import check_signature as wechatpy_check  # type: ignore[import-untyped]
from werobot.crypto import MessageCrypt  # type: ignore[import-untyped]  # neither package has types
from werobot.parser import parse_user_msg, parse_xml, process_message  # type: ignore[import-untyped]
from werobot.replies import TextReply as WeRoBotReply  # type: ignore[import-untyped]
from werobot.utils import check_signature as werobot_check  # type: ignore[import-untyped]

from bench.account import NONCE, Post, post
from bench.numbers import ratio, spread
from bench.report import Table, Target
from local.platform.account import Mode
from tests.support.account import AES_KEY, APP_ID, TOKEN
from wechat_oa.callback.envelope import Credentials, open_envelope
from wechat_oa.callback.reply import TextReply
from wechat_oa.callback.wire import parse

_ROUNDS, _ROUND_SECONDS = 21, 0.03
_TARGET = 2.0
_SHORT, _LONG = "今天天气怎么样？", "长" * 680
_CASES: dict[str, tuple[str, Mode]] = {
    "safe mode, 8 characters": (_SHORT, "safe"),
    "safe mode, 2 kB": (_LONG, "safe"),
    "plain mode, 8 characters": (_SHORT, "plain"),
    "plain mode, 2 kB": (_LONG, "plain"),
}
_CREDENTIALS = Credentials(TOKEN, APP_ID, AES_KEY)
_WECHATPY = WeChatCrypto(TOKEN, AES_KEY, APP_ID)
_WEROBOT = MessageCrypt(TOKEN, AES_KEY, APP_ID)

Answer = Callable[[Post], str]
"""Reads a message and returns the reply, which repeats its text."""


def measure() -> Table:
    """Measure all cases, the three side by side in each round."""
    rows, targets = [], []
    for case, (content, mode) in _CASES.items():
        request = post(content, mode)
        times = _times(_answers(mode), request)
        ours = times.pop("ours")
        rows.append(_row(f"{case}: ours", ours, 1.0))
        ratios = {name: ratio(theirs, ours) for name, theirs in times.items()}
        rows += [_row(f"{case}: {name}", times[name], ratios[name]) for name in times]
        faster = min(ratios, key=lambda name: ratios[name])
        targets.append(
            Target(
                f"at least {_TARGET:g} × the faster of the two, {case}: {ratios[faster]:.1f} × {faster}",
                ratios[faster] >= _TARGET,
            )
        )
    return Table(
        "验签、解密、解析、回复、加密 · Verify, decrypt, parse, reply, encrypt",
        ("case", "CPU µs", "middle half", "messages/s", "× ours"),
        rows,
        f"In safe mode a short message is read and its reply made in {rows[0][1]} µs of CPU time; wechatpy"
        f" takes {rows[1][4]} and WeRoBot {rows[2][4]} times as long (median of {_ROUNDS} rounds, side by"
        " side, keys set up before).",
        targets,
    )


def _row(name: str, times: list[float], times_ours: float) -> tuple[str, ...]:
    middle = median(times)
    return name, f"{middle:.1f}", spread(times, 1), f"{1e6 / middle:,.0f}", f"{times_ours:.1f}"


def _times(answers: dict[str, Answer], request: Post) -> dict[str, list[float]]:
    """Microseconds a message, round by round."""
    for answer in answers.values():
        _check(answer(request), request)
    began = time.process_time()
    for answer in answers.values():
        for _ in range(100):
            answer(request)
    count = max(1, int(_ROUND_SECONDS / ((time.process_time() - began) / 100 / len(answers))))
    times: dict[str, list[float]] = {name: [] for name in answers}
    for _ in range(_ROUNDS):
        for name, answer in answers.items():
            began = time.process_time()
            for _ in range(count):
                answer(request)
            times[name].append((time.process_time() - began) / count * 1e6)
    return times


def _check(reply: str, request: Post) -> None:
    """All three must have said the same, or there is nothing to compare."""

    def content(body: bytes) -> object:
        fields = parse(body)
        if "Encrypt" in fields:
            fields = parse(_CREDENTIALS.cryptos[0].decrypt(str(fields["Encrypt"])))
        return fields["Content"]

    assert content(reply.encode()) == content(request.body)


def _answers(mode: Mode) -> dict[str, Answer]:
    if mode == "plain":
        return {"ours": _ours, "wechatpy": _wechatpy_plain, "WeRoBot": _werobot_plain}
    return {"ours": _ours, "wechatpy": _wechatpy_safe, "WeRoBot": _werobot_safe}


def _ours(request: Post) -> str:
    now = time.time()
    envelope = open_envelope(request.query, request.body, _CREDENTIALS, now)
    return envelope.seal(TextReply(envelope.message.content), now)[1]


def _wechatpy_plain(request: Post) -> str:
    query = request.query
    wechatpy_check(TOKEN, query["signature"], query["timestamp"], query["nonce"])
    message = parse_message(request.body)
    return str(WechatpyReply(content=message.content, message=message).render())


def _wechatpy_safe(request: Post) -> str:
    query = request.query
    plain = _WECHATPY.decrypt_message(
        request.body, query["msg_signature"], query["timestamp"], query["nonce"]
    )
    message = parse_message(plain)
    reply = WechatpyReply(content=message.content, message=message).render()
    return str(_WECHATPY.encrypt_message(reply, query["nonce"]))


def _werobot_plain(request: Post) -> str:
    query = request.query
    assert werobot_check(TOKEN, query["timestamp"], query["nonce"], query["signature"])
    message = parse_user_msg(request.body)
    return str(WeRoBotReply(message=message, content=message.content).render().strip())


def _werobot_safe(request: Post) -> str:
    query = request.query
    encrypted = parse_xml(request.body)["Encrypt"]
    plain = _WEROBOT.decrypt_message(query["timestamp"], query["nonce"], query["msg_signature"], encrypted)
    message = process_message(parse_xml(plain))
    reply = WeRoBotReply(message=message, content=message.content)
    return str(_WEROBOT.encrypt_message(reply, nonce=NONCE))
