"""Messages handed to the callback in this process, as WeChat signs and writes them in plain mode."""

from __future__ import annotations

from tests.support.account import TOKEN
from wechat_oa.callback.signature import sign
from wechat_reply.answering import answer
from wechat_reply.services import Services

OPENID = "oABC123"


def text(words: str) -> str:
    """Return the fields of a text message."""
    return f"<MsgType>text</MsgType><Content>{words}</Content>"


async def deliver(services: Services, fields: str, message_id: int = 1, *, age: int = 0) -> str:
    """Let WeChat deliver what the follower sent ``age`` seconds ago; return what goes back."""
    now = int(services.clock())
    query = {"timestamp": str(now), "nonce": "n", "signature": sign(TOKEN, str(now), "n")}
    body = (
        f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{OPENID}</FromUserName>"
        f"<CreateTime>{now - age}</CreateTime>{fields}<MsgId>{message_id}</MsgId></xml>"
    )
    return (await answer(services, query, body.encode())).body
