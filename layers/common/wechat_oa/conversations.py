"""A follower's recent turns: what the model remembers of the conversation."""

from __future__ import annotations

import time
from collections.abc import Callable

from wechat_oa.ai.prompt import MAX_HISTORY_CHARACTERS, MAX_HISTORY_TURNS, Turn
from wechat_oa.identifiers import time_ordered_id
from wechat_oa.inbox import index_item
from wechat_oa.store.table import Table

TURN_SECONDS = 7 * 24 * 3600
"""How long a turn is remembered."""
_MAX_STORED_CHARACTERS = MAX_HISTORY_CHARACTERS // 2
"""Of a question, and of an answer: the latest turn then always fits in what the model is told."""
_LONGEST_ANSWER = 24 * 3600
_FORGOTTEN = "forgotten"
"""The key of the note that says what is forgotten: as a word it sorts after the turns that it is among, and
one query finds both."""


class Conversations:
    """All followers' conversations, in one table."""

    def __init__(self, table: Table, clock: Callable[[], float] = time.time) -> None:
        """Keep turns in ``table``; ``clock`` gives epoch seconds."""
        self._table = table
        self._clock = clock

    def recent(self, openid: str) -> list[Turn]:
        """Return the follower's latest turns, the oldest first, none from before ``forget``.

        Raises StoreError.
        """
        newest = self._table.query(f"turns#{openid}", limit=MAX_HISTORY_TURNS + 1, newest_first=True)
        before = newest.pop(0)["before"] if newest and newest[0]["sk"] == _FORGOTTEN else ""
        return [
            {"question": item["question"], "answer": item["answer"]}
            for item in reversed(newest[:MAX_HISTORY_TURNS])
            if item["sk"] > before and not item.get("failure")
        ]

    def remember(self, openid: str, turn_id: str, question: str, answer: str, *, failure: str = "") -> None:
        """Store a turn; ``turn_id`` sorts by the time of the question. Storing it again replaces it.

        The owner's inbox finds it by its day. One with a ``failure`` is for the owner alone: the model is
        not told of it. Raises StoreError.
        """
        ttl = int(self._clock()) + TURN_SECONDS
        self._table.put(
            {
                "pk": f"turns#{openid}",
                "sk": turn_id,
                "question": question[:_MAX_STORED_CHARACTERS],
                "answer": answer[:_MAX_STORED_CHARACTERS],
                **({"failure": failure} if failure else {}),
                "ttl": ttl,
            }
        )
        self._table.put(index_item(openid, turn_id, ttl))

    def forget(self, openid: str) -> None:
        """Forget everything a follower has said so far, and answers to it that are still being written.

        Raises StoreError.
        """
        now = self._clock()
        # An answer that is still being written becomes a turn later, and must not outlive this note.
        before = {"before": time_ordered_id(now), "ttl": int(now) + TURN_SECONDS + _LONGEST_ANSWER}
        pk = f"turns#{openid}"
        self._table.put({"pk": pk, "sk": _FORGOTTEN, **before})
        while turns := [turn for turn in self._table.query(pk, limit=50) if turn["sk"] != _FORGOTTEN]:
            for turn in turns:
                self._table.delete(pk, turn["sk"])
