"""The whole way in and out: verify, decrypt and parse a request; render, encrypt and sign the reply.

The three modes of WeChat's console (消息加解密说明): *plain*, where ``signature`` covers the query; *safe*,
where ``msg_signature`` covers the encrypted message too; *compatible*, which is safe mode with the plain
fields beside the encrypted one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from wechat_oa.callback.crypto import MessageCrypto
from wechat_oa.callback.errors import CryptoError, KeyMissingError, SignatureError
from wechat_oa.callback.message import Message, message_from
from wechat_oa.callback.reply import Reply, render_json, render_xml, within_limits
from wechat_oa.callback.signature import sign, verify
from wechat_oa.callback.wire import Fields, element, encrypted_part, is_json, parse, to_json


@dataclass(frozen=True)
class Credentials:
    """What an account and its WeChat console agreed on. Make one and keep it: it keeps its keys set up."""

    token: str = field(repr=False)
    app_id: str
    encoding_aes_key: str = field(default="", repr=False)
    encoding_aes_key_previous: str = field(default="", repr=False)
    """Still accepted while WeChat's servers take over a new key."""

    @cached_property
    def cryptos(self) -> tuple[MessageCrypto, ...]:
        """The current key and the previous one, as far as they are configured. Raises CryptoError."""
        keys = (self.encoding_aes_key, self.encoding_aes_key_previous)
        return tuple(MessageCrypto(key, self.app_id) for key in keys if key)


class Envelope(NamedTuple):
    """A message that is what it claims to be, and the way its reply has to go."""

    message: Message
    credentials: Credentials
    nonce: str
    json: bool
    """Whether the message came as JSON: the reply does too."""
    crypto: MessageCrypto | None
    """What decrypted the message and encrypts the reply; None in plain mode."""

    def seal(self, reply: Reply | None, now: float) -> tuple[str, str]:
        """Return the content type and the body of the response; ``now`` is epoch seconds.

        None is answered ``success``: WeChat shows nothing and does not ask again. Articles past the limit
        for this kind of message are left off.
        """
        if reply is None:
            return "text/plain", "success"
        created = int(now)
        message = self.message
        body = (render_json if self.json else render_xml)(
            within_limits(reply, message.msg_type),
            to_user=message.from_user,
            from_user=message.to_user,
            create_time=created,
        )
        if self.crypto:
            body = self._encrypted(self.crypto, body, created)
        return "application/json" if self.json else "application/xml", body

    def _encrypted(self, crypto: MessageCrypto, body: str, timestamp: int) -> str:
        # The reply carries the nonce of the request (message-push, 回包).
        nonce = self.nonce
        encrypted = crypto.encrypt(body.encode())
        signature = sign(self.credentials.token, str(timestamp), nonce, encrypted)
        if self.json:
            return to_json(
                {"Encrypt": encrypted, "MsgSignature": signature, "TimeStamp": timestamp, "Nonce": nonce}
            )
        # Base64 and hex digits need no looking through for what XML forbids.
        return (
            f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt>"
            f"<MsgSignature><![CDATA[{signature}]]></MsgSignature>"
            f"<TimeStamp>{timestamp}</TimeStamp>{element('Nonce', nonce)}</xml>"
        )


def verify_url(query: Mapping[str, str], credentials: Credentials, now: float) -> str:
    """Return what WeChat wants to read when an owner saves the address: ``echostr``, as it is.

    ``query`` is that of the GET request, ``now`` epoch seconds. Raises SignatureError.
    """
    _verify_signature(query, credentials, now)
    if not query.get("echostr"):
        raise SignatureError("signature right, but there is no echostr to return")
    return query["echostr"]


def open_envelope(query: Mapping[str, str], body: bytes, credentials: Credentials, now: float) -> Envelope:
    """Return the message in a POST request, whichever mode it came in; ``now`` is epoch seconds.

    An account with a key still takes plain messages: that is what WeChat sends for some minutes after its
    owner changed the mode. Raises CallbackError, and nothing else: SignatureError, MessageError,
    CryptoError, or KeyMissingError for an encrypted message that no key is there for.
    """
    crypto = None
    if query.get("encrypt_type", "") not in ("", "raw"):
        fields, crypto = _decrypt(body, query, credentials, now)
    else:
        _verify_signature(query, credentials, now)
        fields = parse(body)
    return Envelope(message_from(fields), credentials, query.get("nonce", ""), is_json(body), crypto)


def _verify_signature(query: Mapping[str, str], credentials: Credentials, now: float) -> None:
    verify(
        query.get("signature", ""),
        credentials.token,
        query.get("timestamp", ""),
        query.get("nonce", ""),
        now=now,
    )


def _decrypt(
    body: bytes, query: Mapping[str, str], credentials: Credentials, now: float
) -> tuple[Fields, MessageCrypto | None]:
    """Return the fields inside ``Encrypt``, and what decrypted them: the current key, else the previous."""
    encrypted = encrypted_part(body)
    # Never ``signature`` alone: it does not cover the message.
    verify(
        query.get("msg_signature", ""),
        credentials.token,
        query.get("timestamp", ""),
        query.get("nonce", ""),
        encrypted,
        now=now,
    )
    if not credentials.cryptos:
        fields = parse(body)
        if "FromUserName" not in fields:
            raise KeyMissingError(
                "WeChat encrypts its messages, but no EncodingAESKey is configured here: set it, or choose"
                " plain mode (明文模式) in WeChat's console"
            )
        _verify_signature(query, credentials, now)
        return fields, None
    failures = []
    for crypto in credentials.cryptos:
        try:
            plain = crypto.decrypt(encrypted)
        except CryptoError as error:
            failures.append(str(error))
        else:
            return parse(plain), crypto
    raise CryptoError("; and with the previous key: ".join(failures))
