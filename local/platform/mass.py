"""Mass messages: what was sent, and how much may still be."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

SPEEDS = (80, 60, 45, 30, 10)
"""Ten thousand followers a minute, by the speed's number."""

PER_MONTH = 4
"""Mass messages of a service account that reach one follower."""


@dataclass(slots=True)
class MassMessage:
    """One of them."""

    msg_id: int
    msg_data_id: int
    """Of the articles; 0 when there are none."""
    sent_at: float
    clientmsgid: str
    total: int
    """Followers it is for, those included whom it cannot reach."""
    status: str = "SENDING"


class MassMessages:
    """All of them by msg_id."""

    def __init__(self) -> None:
        self.sent: dict[int, MassMessage] = {}
        self.received: Counter[tuple[str, str]] = Counter()
        """How many reached whom, by month (YYYY-MM) and openid."""
        self.speed = 0
        self._ids: Iterator[int] = itertools.count(1_000_000_001)

    def new(self, msg_data_id: int, sent_at: float, clientmsgid: str, total: int) -> MassMessage:
        """Begin to send one."""
        message = MassMessage(next(self._ids), msg_data_id, sent_at, clientmsgid, total)
        self.sent[message.msg_id] = message
        return message

    def next_id(self) -> int:
        """Return the msg_id of a preview."""
        return next(self._ids)

    def of_clientmsgid(self, clientmsgid: str, since: float) -> MassMessage | None:
        """Return what was sent with this clientmsgid, or None."""
        for message in self.sent.values():
            if clientmsgid and message.clientmsgid == clientmsgid and message.sent_at > since:
                return message
        return None
