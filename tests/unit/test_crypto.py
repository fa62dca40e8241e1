"""Encryption: what WeChat documents is read and written to the byte, anything else is one CryptoError."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from wechat_oa.callback.crypto import MessageCrypto
from wechat_oa.callback.errors import CryptoError

VECTORS = json.loads((Path(__file__).parents[1] / "fixtures/crypto/vectors.json").read_text())
KEY = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR"
APP_ID = "wx49f0ab532d5d035a"
CRYPTO = MessageCrypto(KEY, APP_ID)
RAW_KEY = base64.b64decode(KEY + "=")
CIPHER = Cipher(algorithms.AES(RAW_KEY), modes.CBC(RAW_KEY[:16]))


def encrypted(plain: bytes) -> str:
    """Exactly these bytes, encrypted: no length, AppID or padding is added."""
    encryptor = CIPHER.encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


def decrypted(text: str) -> bytes:
    """Everything inside, random bytes and padding too."""
    decryptor = CIPHER.decryptor()
    return decryptor.update(base64.b64decode(text)) + decryptor.finalize()


def framed(message: bytes, *, length: int | None = None, app_id: str = APP_ID) -> bytes:
    """A message with what stands around it, before padding."""
    size = len(message) if length is None else length
    return b"r" * 16 + size.to_bytes(4, "big") + message + app_id.encode()


@pytest.mark.parametrize("vector", VECTORS["decrypt"], ids=lambda vector: vector["id"])
def test_messages_encrypted_by_others_are_read(vector: dict[str, Any]) -> None:
    crypto = MessageCrypto(vector["aes_key"], vector["appid"])
    assert crypto.decrypt(vector["encrypt"]).decode() == vector["plaintext"]


@pytest.mark.parametrize("vector", VECTORS["encrypt"], ids=lambda vector: vector["id"])
def test_replies_are_encrypted_to_the_byte_as_others_do(vector: dict[str, Any]) -> None:
    crypto = MessageCrypto(vector["aes_key"], vector["appid"])
    text = crypto.encrypt(vector["plaintext"].encode(), random16=vector["random"].encode())
    assert text == vector["encrypt"]


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_what_is_encrypted_is_decrypted_to_the_same(message: bytes) -> None:
    assert CRYPTO.decrypt(CRYPTO.encrypt(message)) == message


def test_the_random_prefix_is_16_ascii_characters_and_new_each_time() -> None:
    prefixes = {decrypted(CRYPTO.encrypt(b"same"))[:16] for _ in range(50)}
    assert len(prefixes) == 50
    assert all(prefix.isascii() and prefix.decode().isprintable() for prefix in prefixes)


@pytest.mark.parametrize("padding", range(1, 33))
def test_every_length_of_padding_up_to_32_is_accepted(padding: int) -> None:
    frame = framed(b"m" * (-(36 + len(APP_ID) + padding) % 32 + 16))
    assert (len(frame) + padding) % 32 == 0
    assert CRYPTO.decrypt(encrypted(frame + bytes([padding]) * padding)).startswith(b"m")


@pytest.mark.parametrize(
    "tail",
    [
        bytes(32),
        bytes([33]) * 32,
        bytes([255]) * 32,
        b"\x02" * 31 + b"\x20",
        b"\x1f" + b"\x20" * 31,
        b"\x1f\x20" * 16,
    ],
    ids=["0", "33", "255", "only the last byte", "all but the first", "alternating"],
)
def test_padding_that_is_not_pkcs7_of_32_is_refused(tail: bytes) -> None:
    frame = framed(b"m" * (64 - len(framed(b""))))
    with pytest.raises(CryptoError):
        CRYPTO.decrypt(encrypted(frame + tail))


@pytest.mark.parametrize("length", [0, 4, 6, 23, 24, 1000, 2**31, 2**32 - 1])
def test_a_length_that_is_not_the_messages_is_refused(length: int) -> None:
    frame = framed(b"12345", length=length)
    padding = -len(frame) % 32
    with pytest.raises(CryptoError, match="length"):
        CRYPTO.decrypt(encrypted(frame + bytes([padding]) * padding))


@pytest.mark.parametrize("other", ["", "wx49f0ab532d5d035", "wx49f0ab532d5d035aa", "wxba5fad812f8e6fb9"])
def test_a_message_for_another_account_is_refused(other: str) -> None:
    frame = framed(b"for somebody else", app_id=other)
    padding = -len(frame) % 32
    with pytest.raises(CryptoError, match="AppID"):
        CRYPTO.decrypt(encrypted(frame + bytes([padding]) * padding))


def test_a_message_under_another_key_is_refused() -> None:
    other = MessageCrypto("A" * 43, APP_ID)
    with pytest.raises(CryptoError):
        other.decrypt(CRYPTO.encrypt(b"a message"))


def test_a_message_cut_anywhere_is_refused() -> None:
    whole = CRYPTO.encrypt(b"a message", random16=b"0123456789abcdef")
    for end in range(len(whole)):
        with pytest.raises(CryptoError):
            CRYPTO.decrypt(whole[:end])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=",
        "====",
        "A",
        "AAAA",
        "*" * 44,
        "密" * 44,
        "\ud800" * 44,
        " " * 44,
        "A" * 44 + "\n",
        "A" * 22 + "==",
    ],
)
def test_what_is_not_whole_blocks_of_base64_is_refused(text: str) -> None:
    with pytest.raises(CryptoError):
        CRYPTO.decrypt(text)


@given(st.binary(min_size=1, max_size=8).map(lambda blocks: blocks * 32))
@settings(deadline=None)
def test_whole_blocks_of_anything_are_refused(data: bytes) -> None:
    with pytest.raises(CryptoError):
        CRYPTO.decrypt(base64.b64encode(data).decode())


@given(st.text(st.characters(exclude_categories=())))
@settings(deadline=None)
def test_any_text_is_refused_without_another_error(text: str) -> None:
    with pytest.raises(CryptoError):
        CRYPTO.decrypt(text)


@pytest.mark.parametrize(
    ("key", "app_id"),
    [
        ("", APP_ID),
        ("A" * 42, APP_ID),
        ("A" * 44, APP_ID),
        ("密" * 43, APP_ID),
        ("*" * 43, APP_ID),
        (KEY, ""),
    ],
)
def test_what_cannot_be_a_key_or_an_account_is_refused(key: str, app_id: str) -> None:
    with pytest.raises(CryptoError, match="EncodingAESKey of 43"):
        MessageCrypto(key, app_id)
