"""Identifiers that sort by time, and ways to speak of a follower without naming them."""

from __future__ import annotations

import hashlib
import secrets


def time_ordered_id(at: float, key: str = "") -> str:
    """Return an identifier that sorts by ``at`` (epoch seconds, to the millisecond).

    With a ``key`` it is always the same for the same key and time, else it never repeats.
    """
    end = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:10] if key else secrets.token_hex(5)
    return f"{int(at * 1000):013d}-{end}"


def pseudonym(openid: str) -> str:
    """Return a short, stable name for a follower that is safe to log: logs never hold whole openids."""
    return hashlib.sha256(openid.encode("utf-8", "replace")).hexdigest()[:10]
