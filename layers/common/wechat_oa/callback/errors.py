"""What may be wrong with something that claims to come from WeChat.

The texts are for the log: whoever sent the request is told nothing but that it was refused.
"""

from __future__ import annotations


class CallbackError(Exception):
    """The request is not answered. Every error of this package is one of these."""


class SignatureError(CallbackError):
    """The request was not signed with our token, or not just now."""


class CryptoError(CallbackError):
    """The message was not encrypted for this account, or the key cannot be one."""


class KeyMissingError(CallbackError):
    """WeChat encrypts its messages, and no EncodingAESKey is configured here."""


class MessageError(CallbackError):
    """The body is not a message: too large, malformed, or without what every message has."""
