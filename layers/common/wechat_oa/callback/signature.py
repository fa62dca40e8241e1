"""WeChat's signatures: SHA-1 over the token and a few parts of the request, sorted and joined.

Platform documentation: 消息推送 (message-push) and 消息加解密说明.
"""

from __future__ import annotations

import hashlib
from hmac import compare_digest

from wechat_oa.callback.errors import SignatureError


def sign(token: str, timestamp: str, nonce: str, *more: str) -> str:
    """Return the signature as 40 hex digits; ``more`` is the ``Encrypt`` field, for ``msg_signature``."""
    joined = "".join(sorted((token, timestamp, nonce, *more)))
    # SHA-1 is WeChat's choice, not ours: it signs nothing else here.
    return hashlib.sha1(joined.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def verify(
    signature: str,
    token: str,
    timestamp: str,
    nonce: str,
    *more: str,
    now: float,
    window: float = 300,
) -> None:
    """Return if the signature is right and its timestamp is within ``window`` seconds of ``now``.

    ``timestamp`` is the request's own (epoch seconds, in digits). Raises SignatureError otherwise, also
    when a part is empty: a signature made with an empty token is one that anybody can make.
    """
    if not token:
        raise SignatureError("no token is configured, so no signature can be right")
    if not (signature and timestamp and nonce and all(more)):
        raise SignatureError("signature missing, or one of the parts it is made of")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise SignatureError("signature's timestamp malformed: it is not a number of seconds")
    expected = sign(token, timestamp, nonce, *more)
    if not compare_digest(expected.encode(), signature.encode("utf-8", "surrogatepass")):
        raise SignatureError("signature wrong: is the token the one in WeChat's console?")
    ahead = int(timestamp) - now
    if abs(ahead) > window:
        direction = "ahead of" if ahead > 0 else "behind"
        raise SignatureError(
            f"signature right, but its timestamp is stale: {abs(ahead):.0f} s {direction} the clock here"
            f" ({window:.0f} s are allowed); is this machine's clock right?"
        )
