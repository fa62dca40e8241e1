"""Safe mode against wechatpy's own implementation of it: each reads what the other writes."""

from __future__ import annotations

from wechatpy import create_reply, parse_message  # type: ignore[import-untyped]  # it has no types
from wechatpy.crypto import WeChatCrypto  # type: ignore[import-untyped]

from wechat_oa.callback.envelope import Credentials, open_envelope
from wechat_oa.callback.reply import TextReply
from wechat_oa.callback.wire import parse

CREDENTIALS = Credentials("token", "wx49f0ab532d5d035a", "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR")
WECHATPY = WeChatCrypto(CREDENTIALS.token, CREDENTIALS.encoding_aes_key, CREDENTIALS.app_id)
NOW = 1714112445.0

MESSAGE = """<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[openid]]></FromUserName>
<CreateTime>1714112445</CreateTime><MsgType><![CDATA[text]]></MsgType>
<Content><![CDATA[你好 😀 & <b>]]></Content><MsgId>7250021412600020992</MsgId></xml>"""


def pushed(text: str) -> tuple[dict[str, str], bytes]:
    """The query and the body of a request whose message wechatpy encrypted."""
    body = WECHATPY.encrypt_message(text, "415670741", "1714112445")
    query = {"timestamp": "1714112445", "nonce": "415670741", "encrypt_type": "aes"}
    return {**query, "msg_signature": str(parse(body.encode())["MsgSignature"])}, body.encode()


def test_a_message_that_wechatpy_encrypted_is_opened() -> None:
    envelope = open_envelope(*pushed(MESSAGE), CREDENTIALS, NOW)
    assert envelope.message.content == "你好 😀 & <b>"
    assert envelope.message.msg_id == "7250021412600020992"


def test_wechatpy_reads_the_same_fields_in_it() -> None:
    envelope = open_envelope(*pushed(MESSAGE), CREDENTIALS, NOW)
    message = parse_message(MESSAGE)
    assert (message.source, message.target, message.content) == (
        envelope.message.from_user,
        envelope.message.to_user,
        envelope.message.content,
    )


def test_wechatpy_decrypts_our_reply_to_what_it_would_have_sent_itself() -> None:
    answer = "答案：1 < 2 & 😀\n第二行"
    _, body = open_envelope(*pushed(MESSAGE), CREDENTIALS, NOW).seal(TextReply(answer), NOW)
    sealed = parse(body.encode())
    plain = WECHATPY.decrypt_message(body, sealed["MsgSignature"], sealed["TimeStamp"], sealed["Nonce"])
    theirs = create_reply(answer, message=parse_message(MESSAGE))
    theirs.time = int(NOW)
    assert parse(plain.encode()) == parse(theirs.render().encode())
