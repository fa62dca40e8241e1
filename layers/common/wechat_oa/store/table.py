"""The table: items under a partition key and a sort key, with conditions, counters and expiry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

Item = dict[str, Any]
"""What is stored: ``pk`` and ``sk`` (strings), optionally ``ttl`` (epoch seconds), and JSON values.

Values are strings, ints, finite floats, booleans, lists and string-keyed dicts of the same. An attribute
is never stored as None: setting None removes it. ``values.py`` holds the bounds that all backends share.
"""


class StoreError(Exception):
    """The store could not be reached or refused for now: the same call may be tried again."""


class Table(Protocol):
    """A table of items. An item past its ``ttl`` does not exist, whether or not the engine has removed it."""

    def get(self, pk: str, sk: str) -> Item | None:
        """Return the item as last written, or None. Raises StoreError."""
        ...

    def put(self, item: Mapping[str, Any], *, unless_exists: bool = False) -> bool:
        """Write a whole item (with its ``pk`` and ``sk``), replacing one that is there.

        With ``unless_exists``, write nothing and return False when the item exists: of any number of
        concurrent calls exactly one returns True. Raises StoreError.
        """
        ...

    def update(
        self,
        pk: str,
        sk: str,
        *,
        set: Mapping[str, Any] | None = None,
        add: Mapping[str, int] | None = None,
        if_equals: Mapping[str, Any] | None = None,
    ) -> Item | None:
        """Change attributes of one item in one step, and return the item as it then is.

        ``set`` writes attributes (None removes one), ``add`` adds to numbers (an absent one counts as 0),
        ``if_equals`` must hold first (None: the attribute is absent), else nothing changes and None is
        returned. A missing item is created, unless ``if_equals`` asks for a value. Raises StoreError.
        """
        ...

    def query(self, pk: str, *, after: str = "", limit: int = 50, newest_first: bool = False) -> list[Item]:
        """Return up to ``limit`` items of a partition in order of ``sk``.

        ``after`` starts past that sort key in the direction of reading (with ``newest_first``: below it).
        Raises StoreError.
        """
        ...

    def delete(self, pk: str, sk: str) -> None:
        """Remove the item if it is there. Raises StoreError."""
        ...
