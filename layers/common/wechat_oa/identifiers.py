"""Identifiers that sort by time, and ways to speak of a follower without naming them."""

from __future__ import annotations

import hashlib
import secrets


def time_ordered_id(at: float) -> str:
    """Return an identifier that sorts by ``at`` (epoch seconds, to the millisecond) and never repeats."""
    return f"{int(at * 1000):013d}-{secrets.token_hex(5)}"


def pseudonym(openid: str) -> str:
    """Return a short, stable name for a follower that is safe to log: logs never hold whole openids."""
    return hashlib.sha256(openid.encode("utf-8", "replace")).hexdigest()[:10]
