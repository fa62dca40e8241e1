"""The whole way in and out, in all three modes, XML and JSON, and everything that is turned away."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wechat_oa.callback.crypto import MessageCrypto
from wechat_oa.callback.envelope import Credentials, open_envelope, verify_url
from wechat_oa.callback.errors import (
    CallbackError,
    CryptoError,
    KeyMissingError,
    MessageError,
    SignatureError,
)
from wechat_oa.callback.reply import Article, NewsReply, TextReply
from wechat_oa.callback.signature import sign, verify
from wechat_oa.callback.wire import parse

FIXTURES = Path(__file__).parents[1] / "fixtures"
VECTORS = json.loads((FIXTURES / "crypto/vectors.json").read_text())
MESSAGES = sorted((FIXTURES / "messages").glob("*.xml"))

TOKEN = "AToken"
KEY = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR"
OTHER_KEY = "A" * 43
APP_ID = "wx49f0ab532d5d035a"
PLAIN = Credentials(TOKEN, APP_ID)
SAFE = Credentials(TOKEN, APP_ID, KEY)
NOW = 1714112445.9
TIMESTAMP, NONCE = "1714112445", "415670741"

FIELDS = {
    "ToUserName": "gh_1",
    "FromUserName": "openid",
    "CreateTime": "1714112445",
    "MsgType": "text",
    "Content": "问题",
    "MsgId": "1",
}


def as_xml(fields: Mapping[str, str]) -> bytes:
    return f"<xml>{''.join(f'<{k}><![CDATA[{v}]]></{k}>' for k, v in fields.items())}</xml>".encode()


def as_json(fields: Mapping[str, str]) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode()


FORMS = pytest.mark.parametrize("form", [as_xml, as_json])


def plain_query(token: str = TOKEN) -> dict[str, str]:
    return {
        "signature": sign(token, TIMESTAMP, NONCE),
        "timestamp": TIMESTAMP,
        "nonce": NONCE,
        "openid": "openid",
    }


def safe_request(
    form: Any = as_xml, *, key: str = KEY, app_id: str = APP_ID, beside: Mapping[str, str] | None = None
) -> tuple[dict[str, str], bytes]:
    """The query and the body of a message in safe mode; with plain fields beside, in compatible mode."""
    encrypted = MessageCrypto(key, app_id).encrypt(form(FIELDS))
    return encrypted_query(encrypted), form({"ToUserName": "gh_1", **(beside or {}), "Encrypt": encrypted})


def encrypted_query(encrypted: str) -> dict[str, str]:
    msg_signature = sign(TOKEN, TIMESTAMP, NONCE, encrypted)
    return {**plain_query(), "encrypt_type": "aes", "msg_signature": msg_signature}


# The address is verified


def test_echostr_is_returned_as_it_is() -> None:
    vector = VECTORS["signature"][0]
    query = {name: vector[name] for name in ("signature", "timestamp", "nonce", "echostr")}
    credentials = Credentials(vector["token"], "wx1")
    assert verify_url(query, credentials, float(vector["timestamp"])) == vector["echostr"]


def test_echostr_is_not_returned_to_strangers() -> None:
    with pytest.raises(SignatureError):
        verify_url({**plain_query("another"), "echostr": "1"}, PLAIN, NOW)
    with pytest.raises(SignatureError, match="missing"):
        verify_url({"echostr": "1"}, PLAIN, NOW)


def test_a_check_without_echostr_is_refused() -> None:
    with pytest.raises(SignatureError, match="echostr"):
        verify_url(plain_query(), PLAIN, NOW)


# Plain mode


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.name)
@pytest.mark.parametrize("credentials", [PLAIN, SAFE], ids=["without a key", "with a key"])
def test_plain_messages_are_opened_with_or_without_a_key(path: Path, credentials: Credentials) -> None:
    envelope = open_envelope(plain_query(), path.read_bytes(), credentials, NOW)
    assert envelope.message.from_user
    assert envelope.crypto is None


@FORMS
def test_a_plain_message_is_answered_in_plain(form: Any) -> None:
    envelope = open_envelope({**plain_query(), "encrypt_type": "raw"}, form(FIELDS), SAFE, NOW)
    content_type, body = envelope.seal(TextReply("答案"), NOW)
    assert content_type == {as_xml: "application/xml", as_json: "application/json"}[form]
    assert parse(body.encode()) == {
        "ToUserName": "openid",
        "FromUserName": "gh_1",
        "CreateTime": TIMESTAMP,
        "MsgType": "text",
        "Content": "答案",
    }


@pytest.mark.parametrize("query", [{}, plain_query("another"), {**plain_query(), "timestamp": "1714112446"}])
def test_a_plain_message_without_a_right_signature_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(SignatureError):
        open_envelope(query, as_xml(FIELDS), PLAIN, NOW)


def test_a_message_from_an_hour_ago_is_refused() -> None:
    with pytest.raises(SignatureError, match="stale"):
        open_envelope(plain_query(), as_xml(FIELDS), PLAIN, NOW + 3600)
    with pytest.raises(SignatureError, match="stale"):
        open_envelope(*safe_request(), SAFE, NOW + 3600)


# Safe and compatible mode


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.name)
def test_every_message_is_opened_in_safe_mode(path: Path) -> None:
    encrypted = SAFE.cryptos[0].encrypt(path.read_bytes())
    envelope = open_envelope(encrypted_query(encrypted), as_xml({"Encrypt": encrypted}), SAFE, NOW)
    assert envelope.message == open_envelope(plain_query(), path.read_bytes(), PLAIN, NOW).message


def test_the_official_example_is_opened() -> None:
    vector = VECTORS["decrypt"][0]
    query = {name: vector[name] for name in ("timestamp", "nonce", "msg_signature")}
    # The documentation's own request also carries a signature; it plays no part in this mode.
    query |= {"signature": "6c5c811b55cc85e0e1b54100749188c20beb3f5d", "encrypt_type": "aes"}
    body = as_json({"ToUserName": "gh_97417a04a28d", "Encrypt": vector["encrypt"]})
    credentials = Credentials(vector["token"], vector["appid"], vector["aes_key"])
    envelope = open_envelope(query, body, credentials, float(vector["timestamp"]))
    assert envelope.message.event == "debug_demo"
    assert envelope.message.fields["debug_str"] == "hello world"


@FORMS
def test_an_encrypted_message_is_answered_encrypted_and_signed(form: Any) -> None:
    envelope = open_envelope(*safe_request(form), SAFE, NOW)
    content_type, body = envelope.seal(TextReply("答案"), NOW)
    assert content_type == {as_xml: "application/xml", as_json: "application/json"}[form]
    sealed = {name: str(value) for name, value in parse(body.encode()).items()}
    assert set(sealed) == {"Encrypt", "MsgSignature", "TimeStamp", "Nonce"}
    assert (sealed["TimeStamp"], sealed["Nonce"]) == (TIMESTAMP, NONCE)
    verify(sealed["MsgSignature"], TOKEN, sealed["TimeStamp"], sealed["Nonce"], sealed["Encrypt"], now=NOW)
    assert "答案" not in body
    plain = SAFE.cryptos[0].decrypt(sealed["Encrypt"])
    assert plain.startswith({as_xml: b"<xml>", as_json: b"{"}[form])
    assert parse(plain)["Content"] == "答案"


@FORMS
def test_only_the_encrypted_part_of_a_compatible_message_counts(form: Any) -> None:
    request = safe_request(form, beside={**FIELDS, "FromUserName": "forged", "Content": "forged"})
    message = open_envelope(*request, SAFE, NOW).message
    assert (message.from_user, message.content) == ("openid", "问题")


def test_a_message_under_the_previous_key_is_answered_with_that_key() -> None:
    credentials = Credentials(TOKEN, APP_ID, OTHER_KEY, KEY)
    envelope = open_envelope(*safe_request(key=KEY), credentials, NOW)
    assert envelope.message.content == "问题"
    encrypted = str(parse(envelope.seal(TextReply("答案"), NOW)[1].encode())["Encrypt"])
    assert parse(MessageCrypto(KEY, APP_ID).decrypt(encrypted))["Content"] == "答案"
    with pytest.raises(CryptoError):
        MessageCrypto(OTHER_KEY, APP_ID).decrypt(encrypted)


def test_a_message_under_the_current_key_is_answered_with_it_while_there_is_a_previous_one() -> None:
    credentials = Credentials(TOKEN, APP_ID, KEY, OTHER_KEY)
    assert open_envelope(*safe_request(), credentials, NOW).crypto is credentials.cryptos[0]


def test_a_message_under_neither_key_is_refused() -> None:
    credentials = Credentials(TOKEN, APP_ID, OTHER_KEY, "B" * 43)
    with pytest.raises(CryptoError, match="previous key"):
        open_envelope(*safe_request(), credentials, NOW)


@pytest.mark.parametrize("missing", ["msg_signature", "timestamp", "nonce"])
def test_the_signature_of_the_query_does_not_do_for_an_encrypted_message(missing: str) -> None:
    query, body = safe_request()
    with pytest.raises(SignatureError, match="missing"):
        open_envelope({**query, missing: ""}, body, SAFE, NOW)
    with pytest.raises(SignatureError, match="wrong"):
        open_envelope({**query, "msg_signature": query["signature"]}, body, SAFE, NOW)


def test_another_encrypted_part_under_the_same_signature_is_refused() -> None:
    query, _ = safe_request()
    with pytest.raises(SignatureError, match="wrong"):
        open_envelope(query, safe_request()[1], SAFE, NOW)


@pytest.mark.parametrize("encrypt_type", ["aes", "AES", "something"])
def test_no_way_of_writing_the_mode_leads_past_the_signature_of_the_message(encrypt_type: str) -> None:
    query = {**plain_query(), "encrypt_type": encrypt_type}
    with pytest.raises(SignatureError):
        open_envelope(query, as_xml(FIELDS), SAFE, NOW)


def test_a_message_for_another_account_is_refused() -> None:
    with pytest.raises(CryptoError, match="AppID"):
        open_envelope(*safe_request(app_id="wxba5fad812f8e6fb9"), SAFE, NOW)


@pytest.mark.parametrize("encrypted", ["A" * 43, "A" * 44, "*", "密", "AA=="])
def test_a_signed_part_that_is_not_encrypted_is_refused(encrypted: str) -> None:
    with pytest.raises(CryptoError):
        open_envelope(encrypted_query(encrypted), as_xml({"Encrypt": encrypted}), SAFE, NOW)


@pytest.mark.parametrize("inner", [b"", b"success", b"<xml/>", b'{"Encrypt": "again"}'])
def test_an_encrypted_part_that_holds_no_message_is_refused(inner: bytes) -> None:
    encrypted = SAFE.cryptos[0].encrypt(inner)
    with pytest.raises(MessageError):
        open_envelope(encrypted_query(encrypted), as_xml({"Encrypt": encrypted}), SAFE, NOW)


def test_two_encrypted_parts_are_refused() -> None:
    query, body = safe_request()
    with pytest.raises(MessageError, match="Encrypt"):
        open_envelope(query, body.replace(b"</xml>", b"<Encrypt>A</Encrypt></xml>"), SAFE, NOW)


# Encrypted, and no key


def test_a_safe_message_without_a_key_says_what_to_do() -> None:
    with pytest.raises(KeyMissingError, match="no EncodingAESKey is configured"):
        open_envelope(*safe_request(), PLAIN, NOW)


def test_strangers_do_not_learn_that_a_key_is_missing() -> None:
    query, body = safe_request()
    with pytest.raises(SignatureError):
        open_envelope({**query, "msg_signature": "0" * 40}, body, PLAIN, NOW)


@FORMS
def test_a_compatible_message_without_a_key_is_answered_in_plain(form: Any) -> None:
    envelope = open_envelope(*safe_request(form, beside=FIELDS), PLAIN, NOW)
    assert envelope.message.content == "问题"
    assert parse(envelope.seal(TextReply("答案"), NOW)[1].encode())["Content"] == "答案"


def test_plain_fields_of_a_compatible_message_count_only_under_the_signature_of_the_query() -> None:
    query, body = safe_request(beside=FIELDS)
    with pytest.raises(SignatureError):
        open_envelope({**query, "signature": "0" * 40}, body, PLAIN, NOW)


@pytest.mark.parametrize("credentials", [Credentials(TOKEN, APP_ID, "short"), Credentials(TOKEN, "", KEY)])
def test_a_key_that_cannot_be_one_is_said(credentials: Credentials) -> None:
    with pytest.raises(CryptoError, match="EncodingAESKey of 43"):
        open_envelope(*safe_request(), credentials, NOW)


# Replies


@pytest.mark.parametrize("request_", [(plain_query(), as_xml(FIELDS)), safe_request(), safe_request(as_json)])
def test_no_reply_is_success(request_: tuple[dict[str, str], bytes]) -> None:
    assert open_envelope(*request_, SAFE, NOW).seal(None, NOW) == ("text/plain", "success")


def test_articles_are_limited_to_what_the_message_may_be_answered_with() -> None:
    news = NewsReply((Article("1", "", "", ""), Article("2", "", "", "")))
    to_text = open_envelope(plain_query(), as_xml(FIELDS), PLAIN, NOW)
    assert parse(to_text.seal(news, NOW)[1].encode())["ArticleCount"] == "1"
    click = {**FIELDS, "MsgType": "event", "Event": "CLICK"}
    to_event = open_envelope(plain_query(), as_xml(click), PLAIN, NOW)
    assert parse(to_event.seal(news, NOW)[1].encode())["ArticleCount"] == "2"


# What everyone may send


def test_a_body_of_ten_megabytes_is_refused() -> None:
    body = b"<xml>" + b"<a/>" * 2_500_000 + b"</xml>"
    for query in (plain_query(), safe_request()[0]):
        with pytest.raises(MessageError, match="10000011 bytes"):
            open_envelope(query, body, SAFE, NOW)


def test_an_entity_bomb_is_refused_in_every_mode() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE xml [<!ENTITY e0 "boom">{entities}]><xml><Encrypt>&e11;</Encrypt></xml>'.encode()
    encrypted = SAFE.cryptos[0].encrypt(bomb)
    for query, body in (
        (plain_query(), bomb),
        (safe_request()[0], bomb),
        (encrypted_query(encrypted), as_xml({"Encrypt": encrypted})),
    ):
        # Outside the encrypted part the bomb is not even looked at: then it is the signature that is wrong.
        with pytest.raises((MessageError, SignatureError), match=r"document type|signature wrong"):
            open_envelope(query, body, SAFE, NOW)


TEXTS = st.text(st.characters(exclude_categories=()))
QUERIES = st.fixed_dictionaries(
    {},
    optional={
        name: TEXTS | st.just(right)
        for name, right in {**plain_query(), "encrypt_type": "aes", "msg_signature": "0" * 40}.items()
    },
)


@given(QUERIES | st.just(plain_query()), st.binary())
@settings(deadline=None)
def test_any_request_is_refused_without_another_error(query: dict[str, str], body: bytes) -> None:
    with pytest.raises(CallbackError):
        open_envelope(query, body, SAFE, NOW)


@given(TEXTS.filter(lambda text: "]]>" not in text), st.binary())
@settings(deadline=None)
def test_anything_signed_and_encrypted_is_refused_without_another_error(encrypted: str, inner: bytes) -> None:
    for part in (encrypted, SAFE.cryptos[0].encrypt(inner)):
        body = as_xml({"Encrypt": part.encode("utf-8", "replace").decode()})
        with pytest.raises(CallbackError):
            open_envelope(encrypted_query(part), body, SAFE, NOW)


# What it costs, and what it shows


def test_keys_are_set_up_once_for_all_messages() -> None:
    first, second = (open_envelope(*safe_request(), SAFE, NOW).crypto for _ in range(2))
    assert first is second is SAFE.cryptos[0]


def test_secrets_are_not_shown() -> None:
    envelope = open_envelope(*safe_request(), Credentials(TOKEN, APP_ID, KEY, OTHER_KEY), NOW)
    for secret in (TOKEN, KEY, OTHER_KEY, "openid"):
        assert secret not in repr(envelope)


def test_plain_mode_imports_neither_cryptography_nor_anything_heavy() -> None:
    code = """
import sys
from wechat_oa.callback.envelope import Credentials, open_envelope
from wechat_oa.callback.reply import TextReply
from wechat_oa.callback.signature import sign
body = b"<xml><ToUserName>a</ToUserName><FromUserName>b</FromUserName><MsgType>text</MsgType></xml>"
query = {"signature": sign("token", "1", "2"), "timestamp": "1", "nonce": "2"}
print(open_envelope(query, body, Credentials("token", "wx1"), 1.0).seal(TextReply("c"), 1.0)[0])
heavy = {"cryptography", "httpx", "openai", "pydantic", "fastapi", "boto3", "asyncio", "ssl", "logging"}
print(sorted(heavy & {name.split(".")[0] for name in sys.modules}))
"""
    # The code is the one above, and the interpreter is this one.
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "layers/common")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "application/xml\n[]\n"
