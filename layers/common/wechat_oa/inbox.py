"""What followers wrote lately and how it was answered, for the owner: an index of their turns by day.

The index holds no text: that is in the follower's turns (``turns#<openid>``), and is gone from here too when
the follower clears the conversation.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from wechat_oa.identifiers import pseudonym
from wechat_oa.store.table import Item, Table

DAYS = 7
"""How far back it goes: as long as turns are remembered."""
_BEIJING = timezone(timedelta(hours=8))
_TURN_ID = re.compile(r"[0-9]{13}-[0-9a-f]{10}")
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question of a follower's and its answer."""

    id: str
    """Sorts by the time of the question."""
    openid: str
    question: str
    answer: str
    failure: str = ""
    """Empty, or why the answer is none: ``over_limit``, ``timeout`` …"""

    @property
    def follower(self) -> str:
        """A short, stable name for the follower, in place of the openid."""
        return pseudonym(self.openid)

    @property
    def at(self) -> datetime:
        """When the question came, in Beijing's time."""
        return datetime.fromtimestamp(_seconds(self.id), _BEIJING)


def index_item(openid: str, turn_id: str, ttl: int) -> Item:
    """Return the item by which the inbox finds a turn."""
    return {"pk": _pk(_seconds(turn_id)), "sk": turn_id, "openid": openid, "ttl": ttl}


class Inbox:
    """The exchanges of the last seven days, newest first."""

    def __init__(self, table: Table, clock: Callable[[], float] = time.time) -> None:
        """Read from ``table``; ``clock`` gives epoch seconds."""
        self._table = table
        self._clock = clock

    def recent(self, *, limit: int, before: str = "", day: str = "") -> list[Exchange]:
        """Return up to ``limit`` exchanges, older than the id ``before``, of one day (YYYY-MM-DD) if given.

        Days are Beijing's. Raises StoreError.
        """
        found: list[Exchange] = []
        for exchange in self._newest(before, day):
            found.append(exchange)
            if len(found) == limit:
                break
        return found

    def get(self, exchange_id: str) -> Exchange | None:
        """Return one exchange, or None when there is none (any more). Raises StoreError."""
        if not _TURN_ID.fullmatch(exchange_id):
            return None
        item = self._table.get(_pk(_seconds(exchange_id)), exchange_id)
        return self._exchange(item) if item else None

    def search(
        self, *, limit: int, text: str = "", follower: str = "", day: str = "", most: int = 500
    ) -> list[Exchange]:
        """Return up to ``limit`` exchanges with ``text`` in question or answer (in any case), of one follower
        (short name or openid), of one day; the newest ``most`` are looked through. Raises StoreError.
        """
        wanted = text.casefold()
        found: list[Exchange] = []
        for looked_at, exchange in enumerate(self._newest("", day, follower)):
            if wanted in f"{exchange.question}\n{exchange.answer}".casefold():
                found.append(exchange)
            if len(found) == limit or looked_at + 1 == most:
                break
        return found

    def _newest(self, before: str, day: str, follower: str = "") -> Iterator[Exchange]:
        for pk in self._days(day):
            after = before
            while items := self._table.query(pk, after=after, limit=_AT_ONCE, newest_first=True):
                for item in items:
                    if follower and follower not in (item["openid"], pseudonym(item["openid"])):
                        continue
                    if exchange := self._exchange(item):
                        yield exchange
                if len(items) < _AT_ONCE:
                    break
                after = items[-1]["sk"]

    def _days(self, day: str) -> list[str]:
        if day:
            return [f"inbox#{day}"]
        now = self._clock()
        # The oldest turns are from a day that began before.
        return [_pk(now - back * 24 * 3600) for back in range(DAYS + 1)]

    def _exchange(self, item: Item) -> Exchange | None:
        turn = self._table.get(f"turns#{item['openid']}", item["sk"])
        if turn is None:
            return None
        failure = turn.get("failure") or ""
        return Exchange(item["sk"], item["openid"], turn["question"], turn["answer"], failure)


def _seconds(turn_id: str) -> float:
    return int(turn_id.partition("-")[0]) / 1000


def _pk(at: float) -> str:
    return f"inbox#{datetime.fromtimestamp(at, UTC).astimezone(_BEIJING).date().isoformat()}"
