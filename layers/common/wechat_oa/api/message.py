"""Customer-service messages (客服消息): what an account may say to whoever wrote in the last 48 hours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .client import WeChatClient


async def send_text(client: WeChatClient, openid: str, content: str, kf_account: str = "") -> None:
    """Send a follower a text of at most 2048 UTF-8 bytes, in the name of a customer-service account if given.

    A follower's message opens five of these for 48 hours (发送客服消息). Raises WeChatError: 45015 the time
    is over, 45047 the five are used up, 48001 the account may not, 45002 too long; UnknownOutcome when the
    follower may have got it; and what the client raises.
    """
    await _send(client, openid, "text", {"content": content}, kf_account)


async def typing(client: WeChatClient, openid: str, on: bool = True) -> None:
    """Show the follower that an answer is being written, for 15 seconds or until a message comes; or stop.

    Only for 30 seconds after the follower's message (客服输入状态). Raises WeChatError: 45080 too late,
    45081 it shows already; and what the client raises.
    """
    command = "Typing" if on else "CancelTyping"
    await client.post_json("/cgi-bin/message/custom/typing", {"touser": openid, "command": command})


async def _send(
    client: WeChatClient, openid: str, msgtype: str, body: Mapping[str, Any], kf_account: str
) -> None:
    """WeChat puts each type's fields under the type's own name."""
    message: dict[str, Any] = {"touser": openid, "msgtype": msgtype, msgtype: dict(body)}
    if kf_account:
        message["customservice"] = {"kf_account": kf_account}
    await client.post_json("/cgi-bin/message/custom/send", message)
