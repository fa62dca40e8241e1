"""What WeChat's refusals mean, and what the account's owner can do about each.

The meanings in ``errcodes.json`` are the platform's own short ones: as WxJava's ``WxMpErrorMsgEnum``
(Apache-2.0) has them, else wechatpy's ``WeChatErrorCode`` (MIT), else the errcode tables on the official
pages 全局返回码, 获取稳定版接口调用凭据, 新增草稿, 发布草稿, 留言管理, 客服输入状态, 标签管理, 模板消息,
查询 API 调用额度, 设置群发速度 and 长信息转短链.
The advice is ours.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

BUSY = -1
"""``system error``: WeChat does not say whether it did what it was asked."""
TOKEN_REFUSED = frozenset({40001, 40014, 42001})
"""The access token was refused before anything else was looked at: the call did not take place."""

_RID = re.compile(r"[,\s]*\brid:\s*([0-9A-Za-z-]+)")
_REFUSED_ADDRESS = re.compile(r"invalid ip\s+(?:ipv6\s+)?([0-9A-Fa-f]*[.:][0-9A-Fa-f.:]+)")
_MAX_ERRMSG = 500
_ANY_ADVICE = "对照微信接口文档核对参数；仍不明白时，凭 rid 查询微信收到的请求（openapi/rid/get）。"


class WeChatError(Exception):
    """WeChat refused a call. ``str()`` is a sentence in Chinese for the account's owner."""

    def __init__(self, errcode: int | None, errmsg: str, path: str, *, rid: str = "") -> None:
        """``errcode`` is None when WeChat gave none; ``path`` loses its query, if it has one."""
        self.errcode = errcode
        found = _RID.search(errmsg)
        self.rid = found[1] if found else rid
        """The request's id at WeChat, for openapi/rid/get and the platform's support. Can be empty."""
        self.errmsg = _RID.sub("", errmsg).strip()[:_MAX_ERRMSG]
        """WeChat's own words, without the rid."""
        self.path = path.partition("?")[0]
        self.explanation = self._explain()
        """What happened, in Chinese."""
        self.advice = self._advise()
        """What to do next, in Chinese."""
        super().__init__(errcode, self.errmsg, self.path)

    def _explain(self) -> str:
        return _entry(self.errcode).get("meaning", "微信没有公布这个错误码的含义")

    def _advise(self) -> str:
        advice = _entry(self.errcode).get("advice", _ANY_ADVICE)
        address = _REFUSED_ADDRESS.search(self.errmsg)
        return f"微信看到的地址是 {address[1]}：{advice}" if address else advice

    def __str__(self) -> str:
        code = "" if self.errcode is None else f"（errcode {self.errcode}）"
        words = f"（微信原文：{self.errmsg}）" if self.errmsg else ""
        rid = f"（rid: {self.rid}）" if self.rid else ""
        return f"{self.path}{code}：{self.explanation}。{self.advice}{words}{rid}"


class WeChatUnavailable(WeChatError):  # noqa: N818  (what happened, not a mistake)
    """There was no answer, or none of use (-1: WeChat is busy).

    The same call may be made again, unless this is an UnknownOutcome.
    """

    def __init__(
        self, path: str, reason: str, *, errcode: int | None = None, errmsg: str = "", rid: str = ""
    ) -> None:
        """``reason`` says in a few Chinese words what went wrong on the way."""
        self.reason = reason
        super().__init__(errcode, errmsg, path, rid=rid)

    def _explain(self) -> str:
        return f"没能从微信得到结果（{self.reason}）"

    def _advise(self) -> str:
        if self.errcode is not None:
            return super()._advise()
        return (
            "稍后再试；一直如此就检查本机的网络，"
            "以及 WECHAT_OFFICIAL_API_URL、WECHAT_TOKEN_PROXY 指向的地址。"
        )


class UnknownOutcome(WeChatUnavailable):
    """The call may or may not have taken effect: it must not be made again before somebody has looked."""

    def _explain(self) -> str:
        return f"请求已经发出，但不知道是否生效（{self.reason}）"

    def _advise(self) -> str:
        return "先查询或登录公众平台看看它有没有生效，再决定要不要重做；直接重试可能会做两遍。"


def refusal(answer: dict[str, Any], path: str, *, secret: str = "") -> WeChatError | None:
    """Return the error that an answer of WeChat's tells of, or None: a success may come without errcode.

    ``secret`` is what was sent along, and must not appear in the error should WeChat repeat it.
    """
    value = str(answer.get("errcode") or 0)
    if value == "0":
        return None
    errcode = int(value) if re.fullmatch(r"-?[0-9]{1,9}", value) else None
    errmsg, rid = str(answer.get("errmsg", "")), str(answer.get("rid", ""))
    if secret:
        errmsg = errmsg.replace(secret, "…")
    if errcode == BUSY:
        return WeChatUnavailable(path, "微信系统繁忙", errcode=errcode, errmsg=errmsg, rid=rid)
    return WeChatError(errcode, errmsg, path, rid=rid)


@cache
def _table() -> dict[str, dict[str, str]]:
    """Only a call that failed needs the table: it is read then."""
    table: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("errcodes.json").read_bytes())
    return table


def _entry(errcode: int | None) -> dict[str, str]:
    return _table().get(str(errcode), {})
