"""The encryption of messages: AES-256-CBC, as the platform's page 消息加解密说明 defines it.

What is encrypted is 16 random bytes, the message's length (4 bytes, big-endian), the message and the AppID,
padded as PKCS#7 does, but to blocks of 32 bytes.
"""

from __future__ import annotations

import os
from binascii import a2b_base64, b2a_base64
from hmac import compare_digest

from wechat_oa.callback.errors import CryptoError

_BLOCK = 32
_HEAD = 20
"""Bytes before the message: 16 random ones and 4 of length."""


class MessageCrypto:
    """Encrypts and decrypts with one EncodingAESKey. Make one and keep it: the key is set up only once."""

    __slots__ = ("_app_id", "_cipher")

    def __init__(self, encoding_aes_key: str, app_id: str) -> None:
        """Take the 43 characters of WeChat's console and the account's AppID. Raises CryptoError."""
        # Here and not above: it takes as long to import as the whole rest of a message's way in and out,
        # and an account in plain mode never needs it.
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415

        try:
            key = a2b_base64(encoding_aes_key + "=")
        except ValueError:
            key = b""
        if len(key) != 32 or not app_id:
            raise CryptoError("encryption needs an EncodingAESKey of 43 letters and digits, and the AppID")
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))
        self._app_id = app_id.encode()

    def decrypt(self, encrypted: str) -> bytes:
        """Return the message inside an ``Encrypt`` field (base64). Raises CryptoError, and nothing else."""
        try:
            data = a2b_base64(encrypted, strict_mode=True)
        except ValueError:
            raise CryptoError("the encrypted part is not base64") from None
        if not data or len(data) % _BLOCK:
            raise CryptoError("the encrypted part is cut off: it is not a whole number of blocks")
        decryptor = self._cipher.decryptor()
        plain = decryptor.update(data) + decryptor.finalize()
        padding = plain[-1]
        if not 1 <= padding <= _BLOCK or not plain.endswith(bytes((padding,)) * padding):
            raise CryptoError("the padding is wrong: is the EncodingAESKey the one in WeChat's console?")
        end = _HEAD + int.from_bytes(plain[16:_HEAD], "big")
        # A length past the end leaves an AppID that is empty, which none is.
        if not compare_digest(plain[end : len(plain) - padding], self._app_id):
            raise CryptoError("the message is for another AppID, or its length is wrong")
        return plain[_HEAD:end]

    def encrypt(self, plaintext: bytes, *, random16: bytes | None = None) -> str:
        """Return what an ``Encrypt`` field holds (base64); ``random16`` is 16 bytes, random if not given."""
        # 12 random bytes are 16 characters of base64: WeChat's own samples keep the prefix printable.
        prefix = random16 or b2a_base64(os.urandom(12), newline=False)
        plain = prefix + len(plaintext).to_bytes(4, "big") + plaintext + self._app_id
        padding = _BLOCK - len(plain) % _BLOCK
        encryptor = self._cipher.encryptor()
        data = encryptor.update(plain + bytes((padding,)) * padding) + encryptor.finalize()
        return b2a_base64(data, newline=False).decode("ascii")
