"""``python -m local send``: a follower in a terminal, through the running server's simulator."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import httpx

from .account import Mode
from .delivery import ATTEMPTS

DEFAULT_NAME = "小明"

_OUTCOMES = {
    "replied": "回复了",
    "acknowledged": "应答了，没有回复内容",
    "timed_out": "超时",
    "refused": "服务器拒绝",
    "malformed": "回复无法使用",
    "unreachable": "连不上",
}
_MODES = {"plain": "明文", "compatible": "兼容", "safe": "安全"}
_PUSH_WAIT = 30.0
_PUSH_WAIT_AFTER_THIRD = 20.0
"""Seconds: an answer on the last attempt may be only the beginning, with the rest to come by push."""
_AFTER_PUSH = 1.0

Print = Callable[[str], None]


class _SendError(Exception):
    """The message could not be sent. The text is for the terminal."""


async def send_text(
    text: str,
    *,
    base_url: str,
    name: str = DEFAULT_NAME,
    mode: Mode | None = None,
    show_xml: bool = False,
    push_wait: float | None = None,
    http: httpx.AsyncClient | None = None,
    out: Print = print,
) -> int:
    """Send a text as the follower of this name and print what happens, as it happens.

    ``base_url`` is where the local server runs. ``mode`` is the simulator's own when None. ``push_wait`` is
    how many seconds to wait for a customer-service message afterwards; None waits when the account answered
    nothing, or only on the third attempt. Returns 0 when the follower was answered, 1 when WeChat would
    report a fault, 2 when the message could not be sent at all.
    """
    client = http or httpx.AsyncClient(trust_env=False)
    try:
        phone = _Phone(client, base_url)
        return await _send(text, phone, name=name, mode=mode, show_xml=show_xml, push_wait=push_wait, out=out)
    except httpx.TransportError:
        out(f"连不上 {base_url} 的本地服务。先在另一个终端里运行 make run（或 python -m local）。")
        return 2
    except _SendError as error:
        out(str(error))
        return 2
    finally:
        if http is None:
            await client.aclose()


class _Phone:
    """The simulator's JSON API, as a terminal uses it."""

    def __init__(self, http: httpx.AsyncClient, base_url: str) -> None:
        self._http = http
        self._url = base_url.rstrip("/") + "/simulator/api"
        self._run, self._number = "", 0

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._read(await self._http.post(f"{self._url}/{path}", json=body, timeout=10))

    async def changes(self, openid: str, wait: float) -> list[dict[str, Any]]:
        """Return what changed since the last call, waiting for it if need be."""
        query: dict[str, str | int | float] = {
            "run": self._run,
            "after": self._number,
            "openid": openid,
            "wait": wait,
        }
        answer = self._read(await self._http.get(f"{self._url}/changes", params=query, timeout=wait + 10))
        self._run, self._number = answer["run"], answer["number"]
        entries: list[dict[str, Any]] = answer["entries"]
        return entries

    @staticmethod
    def _read(response: httpx.Response) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = response.json()
        except ValueError:
            answer = {}
        if response.status_code != 200 or not isinstance(answer, dict):
            reason = answer.get("error", "") if isinstance(answer, dict) else ""
            raise _SendError(reason or f"这个地址上没有模拟器（HTTP {response.status_code}）。")
        return answer


async def _send(
    text: str,
    phone: _Phone,
    *,
    name: str,
    mode: Mode | None,
    show_xml: bool,
    push_wait: float | None,
    out: Print,
) -> int:
    openid = (await phone.post("followers", {"follower": name}))["openid"]
    await phone.changes(openid, 0)
    message = {"follower": name, "type": "text", "content": text} | ({"mode": mode} if mode else {})
    key = (await phone.post("messages", message))["key"]
    out(f"{name}：{text}")
    delivery: dict[str, Any] = {"attempts": []}
    shown: list[dict[str, Any]] = []
    async for entry in _entries(phone, openid, key):
        if entry["kind"] == "delivery":
            _print_progress(delivery, entry["data"], out)
            delivery = entry["data"]
        else:
            shown.append(entry["data"])
    for bubble in shown:
        out(f"公众号：{as_text(bubble)}")
    if push_wait is None:
        push_wait = _likely_wait(delivery, answered=bool(shown))
    pushed = False
    if push_wait:
        out(f"  看看还有没有客服消息（最多等 {push_wait:g} 秒，Ctrl+C 结束）…")
        pushed = await _print_pushes(phone, openid, push_wait, out)
    if show_xml:
        _print_xml(delivery, out)
    if delivery["failed"]:
        return 1
    if not shown and not pushed and push_wait:
        out("没有等到回复。")
    return 0


def _likely_wait(delivery: Mapping[str, Any], *, answered: bool) -> float:
    if not answered:
        return _PUSH_WAIT
    return _PUSH_WAIT_AFTER_THIRD if len(delivery["attempts"]) == ATTEMPTS and not delivery["failed"] else 0.0


async def _entries(phone: _Phone, openid: str, key: str) -> AsyncIterator[dict[str, Any]]:
    """Yield the changes of one delivery, and the bubbles that come with it, until it is done."""
    done = False
    while not done:
        for entry in await phone.changes(openid, 10):
            if entry["kind"] == "delivery" and entry["key"] == key:
                done = entry["data"]["done"]
                yield entry
            elif entry["kind"] == "bubble" and entry["key"] != key:
                yield entry


def _print_progress(before: Mapping[str, Any], now: Mapping[str, Any], out: Print) -> None:
    if not before["attempts"]:
        out(f"  {_MODES[now['mode']]}模式，每次最多等 {now['limit']:g} 秒")
    ended = sum(attempt["outcome"] is not None for attempt in before["attempts"])
    for attempt in now["attempts"][ended:]:
        if attempt["outcome"] is None:
            continue
        reason = f"：{attempt['reason']}" if attempt["reason"] else ""
        outcome = _OUTCOMES[attempt["outcome"]]
        out(f"  第 {attempt['number']} 次  {attempt['seconds']:6.3f} 秒  {outcome}{reason}")
        for note in attempt["notes"]:
            out(f"    注意：{note}")


async def _print_pushes(phone: _Phone, openid: str, wait: float, out: Print) -> bool:
    """Print customer-service messages until the time is over, or shortly after one has come."""
    until, any_came = time.monotonic() + wait, False
    while (left := until - time.monotonic()) > 0:
        for entry in await phone.changes(openid, min(left, 10)):
            if entry["kind"] == "bubble" and entry["data"]["via"] == "push":
                out(f"公众号（客服消息）：{as_text(entry['data'])}")
                any_came = True
                until = min(until, time.monotonic() + _AFTER_PUSH)
    return any_came


def _print_xml(delivery: Mapping[str, Any], out: Print) -> None:
    for attempt in delivery["attempts"]:
        sections = [("发出", "request"), ("收到", "answer")]
        if delivery["mode"] != "plain":
            sections[1:1] = [("发出（加密前）", "request_plain")]
            sections.append(("收到（解密后）", "answer_plain"))
        for title, name in sections:
            out(f"\n--- 第 {attempt['number']} 次 {title} ---\n{attempt[name] or '（空）'}")


def as_text(bubble: Mapping[str, Any]) -> str:
    """Return a bubble as one reads it in a terminal."""
    content: Mapping[str, Any] = bubble["content"]
    match bubble["type"]:
        case "news":
            return "\n".join(f"[图文] {one['title']}  {one['url']}" for one in content["articles"])
        case "msgmenu":
            choices = "\n".join(f"  · {one['content']}" for one in content["choices"])
            return f"{content['head']}\n{choices}\n{content['tail']}"
        case "image" | "voice" | "video":
            label = {"image": "图片", "voice": "语音", "video": "视频"}[bubble["type"]]
            return f"[{label}] {content.get('title', '')}".rstrip()
        case "music":
            return f"[音乐] {content['title']} {content['music_url']}".rstrip()
        case _:
            return str(content.get("content", ""))
