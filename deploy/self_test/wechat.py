"""What WeChat does: verifies the address, delivers messages in three modes, reads what comes back."""

from __future__ import annotations

import email.utils
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import httpx

from deploy.self_test.result import Result, failed, ok, skipped, unreachable, wrong_status
from wechat_oa.callback.crypto import MessageCrypto
from wechat_oa.callback.errors import CallbackError
from wechat_oa.callback.signature import sign, verify
from wechat_oa.callback.wire import Fields, Tree, parse, to_xml
from wechat_oa.texts import DEFAULT_TEXTS

Mode = Literal["plain", "compatible", "safe"]
MODES: Mapping[Mode, str] = {"plain": "明文模式", "compatible": "兼容模式", "safe": "安全模式"}

FOLLOWER = "SELFTEST-no-real-follower-00"
"""The openid that the test writes as: 28 characters, as they have, and plainly nobody's."""
QUESTION = "这是部署后的自检，请只回复：自检通过"
FORGET = "清空"
"""What costs no model in any account, and leaves nothing of the test behind."""
_ATTEMPTS = 3
_LIMIT = 5.0
_CLOCK_SECONDS = 120
_FAILURES = (
    "busy",
    "timeout",
    "unavailable",
    "refused",
    "misconfigured",
    "empty",
    "over_limit",
    "system_busy",
)


@dataclass(frozen=True)
class Account:
    """What WeChat's console knows of the account."""

    callback_url: str
    token: str = field(repr=False)
    app_id: str = ""
    aes_key: str = field(default="", repr=False)


class FaultyReplyError(Exception):
    """WeChat could not use the reply. The text says why."""


class WeChat:
    """Delivers to one account's server."""

    def __init__(
        self, http: httpx.AsyncClient, account: Account, clock: Callable[[], float] = time.time
    ) -> None:
        """``clock`` gives epoch seconds."""
        self._http = http
        self._account = account
        self._clock = clock

    async def handshake(self, mode: Mode) -> Result:
        """Verify the address as WeChat's console does, then deliver 清空 in a mode and read the reply."""
        if mode != "plain" and not (self._account.aes_key and self._account.app_id):
            return skipped("没有 EncodingAESKey 和 AppID · no EncodingAESKey and AppID")
        echo = secrets.token_hex(8)
        timestamp, nonce = str(int(self._clock())), str(secrets.randbelow(2**31))
        signature = sign(self._account.token, timestamp, nonce)
        query = {"signature": signature, "timestamp": timestamp, "nonce": nonce, "echostr": echo}
        try:
            answered = await self._http.get(self._account.callback_url, params=query, timeout=_LIMIT * 2)
            if answered.status_code != 200:
                return self._refused(answered)
            if answered.text != echo:
                return failed(
                    "没有原样返回 echostr：这个地址上是别的程序 · echostr did not come back: another program"
                )
            said, seconds = await self._ask(FORGET, mode)
        except FaultyReplyError as error:
            return failed(str(error))
        except httpx.HTTPError as error:
            return unreachable(error)
        if not said:
            return failed("收到了消息却没有回复：看 make logs FUNCTION=callback · the message got no reply")
        return ok(f"验证、收消息、回复都对，{seconds * 1000:.0f} ms")

    async def forgery(self) -> Result:
        """Deliver a message with a signature that another token made: it must be refused."""
        timestamp, nonce = str(int(self._clock())), str(secrets.randbelow(2**31))
        query = {
            "signature": sign(secrets.token_hex(16), timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
        }
        body = to_xml(self._message(FORGET))
        try:
            answered = await self._http.post(
                self._account.callback_url, params=query, content=body.encode(), timeout=_LIMIT * 2
            )
        except httpx.HTTPError as error:
            return unreachable(error)
        if answered.status_code == 403:
            return ok("拒绝了 · refused")
        if answered.status_code == 200:
            return failed(
                "没有被拒绝：谁都能冒充粉丝 · it was accepted: anyone can write in a follower's name"
            )
        return wrong_status(answered, "callback")

    async def question(self, mode: Mode) -> Result:
        """Ask the model one question as a follower does, and forget it again; costs one call of the model."""
        try:
            said, seconds = await self._ask(QUESTION, mode)
        except FaultyReplyError as error:
            return failed(str(error))
        except httpx.HTTPError as error:
            return unreachable(error)
        failure = next((name for name in _FAILURES if said.startswith(DEFAULT_TEXTS[name])), "")
        if failure == "over_limit":
            return failed("今天的次数用完了（WECHAT_DAILY_LIMIT） · today's limit is reached")
        if failure:
            return failed(
                f"模型没有回答（{failure}）：检查 OPENAI_API_KEY、OPENAI_API_URL、OPENAI_MODEL，看 make logs"
                " FUNCTION=worker · the model did not answer"
            )
        if not said:
            return failed("没有回复：看 make logs FUNCTION=worker · no reply")
        return ok(f"{seconds:.1f} 秒：{' '.join(said.split())[:60]}")

    async def forget(self) -> None:
        """Leave nothing of the test in the follower's conversation."""
        await self._ask(FORGET, "plain")

    async def _ask(self, text: str, mode: Mode) -> tuple[str, float]:
        """Deliver a text, three times as WeChat does if need be; return the reply and the seconds it took.

        Raises FaultyReplyError, httpx.HTTPError when the last attempt brings no answer.
        """
        message = self._message(text)
        began = time.perf_counter()
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                answered = await self._deliver(message, mode)
            except httpx.TimeoutException:
                if attempt == _ATTEMPTS:
                    raise
                continue
            if answered.status_code == 503 and attempt < _ATTEMPTS:
                continue
            if answered.status_code != 200:
                raise FaultyReplyError(self._refused(answered).text)
            return self._read(answered.content, mode), time.perf_counter() - began
        raise AssertionError("unreachable")  # the last attempt returns or raises

    def _message(self, text: str) -> dict[str, Tree]:
        return {
            "ToUserName": "gh_selftest",
            "FromUserName": FOLLOWER,
            "CreateTime": int(self._clock()),
            "MsgType": "text",
            "Content": text,
            "MsgId": str(secrets.randbelow(10**18)),
        }

    async def _deliver(self, message: Mapping[str, Tree], mode: Mode) -> httpx.Response:
        account, timestamp = self._account, str(int(self._clock()))
        nonce = str(secrets.randbelow(2**31))
        query = {
            "signature": sign(account.token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "openid": FOLLOWER,
        }
        body = to_xml(message)
        if mode != "plain":
            encrypted = MessageCrypto(account.aes_key, account.app_id).encrypt(body.encode())
            query |= {
                "encrypt_type": "aes",
                "msg_signature": sign(account.token, timestamp, nonce, encrypted),
            }
            seen = message if mode == "compatible" else {"ToUserName": message["ToUserName"]}
            body = to_xml({**seen, "Encrypt": encrypted})
        return await self._http.post(
            account.callback_url,
            params=query,
            content=body.encode(),
            headers={"Content-Type": "text/xml"},
            timeout=_LIMIT,
        )

    def _read(self, body: bytes, mode: Mode) -> str:
        """Return the text of a reply, "" for an acknowledgement. Raises FaultyReplyError."""
        if body.strip() in (b"", b"success"):
            return ""
        try:
            fields = parse(body)
            if mode != "plain":
                fields = self._opened(fields)
        except CallbackError as error:
            raise FaultyReplyError(f"回复用不了：{error} · WeChat could not use the reply") from None
        return str(fields.get("Content", ""))

    def _opened(self, outer: Fields) -> Fields:
        encrypted = outer.get("Encrypt")
        if not isinstance(encrypted, str):
            raise FaultyReplyError("加密的消息得到明文的回复 · an encrypted message got a plain reply")
        parts = (str(outer.get("TimeStamp", "")), str(outer.get("Nonce", "")), encrypted)
        verify(str(outer.get("MsgSignature", "")), self._account.token, *parts, now=self._clock())
        return parse(MessageCrypto(self._account.aes_key, self._account.app_id).decrypt(encrypted))

    def _refused(self, answered: httpx.Response) -> Result:
        if answered.status_code != 403:
            return wrong_status(answered, "callback")
        there = email.utils.parsedate_tz(answered.headers.get("date", ""))
        skew = abs(email.utils.mktime_tz(there) - self._clock()) if there else 0.0
        if skew > _CLOCK_SECONDS:
            return failed(f"403：这台机器的时钟差了 {skew:.0f} 秒 · this machine's clock is wrong")
        return failed(
            "403：Token 或 EncodingAESKey 和部署的不一样：make deploy 让它们一致"
            " · the token or the key is not the deployed one"
        )
