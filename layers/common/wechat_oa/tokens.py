"""The bearer tokens that the owner made up (``MCP_AUTH_TOKENS``): several are valid at once."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from wechat_oa.settings import McpToken


class Tokens:
    """Knows tokens by their digests."""

    def __init__(self, tokens: Sequence[McpToken]) -> None:
        """``tokens`` are all valid."""
        self._tokens = [(_digest(each.token), each) for each in tokens]

    def find(self, given: str) -> McpToken | None:
        """Return which token that is, or None. Every known token is compared, in constant time."""
        digest = _digest(given)
        found = None
        for known, each in self._tokens:
            if hmac.compare_digest(known, digest):
                found = each
        return found


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
