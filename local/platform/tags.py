"""The account's tags for its followers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

MAX_TAGS = 100
MAX_OF_ONE = 20
"""Tags that one follower may have."""

_OWN = {2: "星标组"}
"""WeChat's own, which stay as they are."""
_FIRST = 100


class Tags:
    """Names by id."""

    def __init__(self) -> None:
        self.names: dict[int, str] = dict(_OWN)
        self._ids: Iterator[int] = itertools.count(_FIRST)

    def create(self, name: str) -> int:
        """Make a tag and return its id."""
        tag_id = next(self._ids)
        self.names[tag_id] = name
        return tag_id

    @staticmethod
    def is_own(tag_id: int) -> bool:
        """Return whether a tag is WeChat's own: 0, 1 or 2."""
        return tag_id in (0, 1, 2)
