"""The table on one machine: a SQLite file."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .sqlite import Database
from .table import Item, StoreError
from .values import Change, plain_item, plain_key, plain_start

_SCHEMA = """
CREATE TABLE IF NOT EXISTS items (pk TEXT NOT NULL, sk TEXT NOT NULL, ttl REAL, item TEXT NOT NULL,
                                  PRIMARY KEY (pk, sk));
CREATE INDEX IF NOT EXISTS items_by_ttl ON items (ttl) WHERE ttl IS NOT NULL;
"""
_WRITE = """
INSERT INTO items (pk, sk, ttl, item) VALUES (?, ?, ?, ?)
ON CONFLICT (pk, sk) DO UPDATE SET ttl = excluded.ttl, item = excluded.item
"""
_CLAIM = _WRITE + "WHERE items.ttl <= ?"
_READ = "SELECT item FROM items WHERE pk = ? AND sk = ? AND (ttl IS NULL OR ttl > ?)"
_DELETE = "DELETE FROM items WHERE pk = ? AND sk = ?"
_PRUNE = "DELETE FROM items WHERE rowid IN (SELECT rowid FROM items WHERE ttl <= ? LIMIT 1000)"
_PRUNE_EVERY = 60  # seconds
_LARGEST = 400 * 1024  # bytes, DynamoDB's limit: what works here works there
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class SqliteTable:
    """A Table (see its protocol) in a SQLite file, for any number of threads and processes."""

    def __init__(
        self, path: str | Path, clock: Callable[[], float] = time.time, *, timeout: float = 5.0
    ) -> None:
        """Open the file, making it where it is missing.

        ``clock`` tells epoch seconds; ``timeout`` is how many seconds a call waits for another process's
        write. Raises StoreError.
        """
        self._clock = clock
        self._db = Database(path, _SCHEMA, timeout=timeout)
        self._pruned_at = clock()

    def get(self, pk: str, sk: str) -> Item | None:
        """See Table."""
        key = plain_key(pk, sk)
        with self._db.statement("GetItem") as db:
            row = db.execute(_READ, (*key, self._clock())).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, item: Mapping[str, Any], *, unless_exists: bool = False) -> bool:
        """See Table. An item of more than 400 KB is refused with StoreError, as DynamoDB refuses it."""
        row = _row(plain_item(item))
        with self._db.statement("PutItem") as db:
            now = self._clock()
            done = db.execute(_CLAIM, (*row, now)) if unless_exists else db.execute(_WRITE, row)
            self._prune(db, now)
        return done.rowcount == 1

    def update(
        self,
        pk: str,
        sk: str,
        *,
        set: Mapping[str, Any] | None = None,
        add: Mapping[str, int] | None = None,
        if_equals: Mapping[str, Any] | None = None,
    ) -> Item | None:
        """See Table."""
        key = plain_key(pk, sk)
        change = Change.of(set, add, if_equals)
        with self._db.transaction("UpdateItem") as db:
            now = self._clock()
            found = db.execute(_READ, (*key, now)).fetchone()
            item: Item = json.loads(found[0]) if found else {"pk": key[0], "sk": key[1]}
            if not all(_same(item.get(name), value) for name, value in change.if_equals.items()):
                return None
            item = change.applied_to(item)
            db.execute(_WRITE, _row(item))
            self._prune(db, now)
        return item

    def query(self, pk: str, *, after: str = "", limit: int = 50, newest_first: bool = False) -> list[Item]:
        """See Table."""
        pk, after = plain_start(pk, after)
        statement = "SELECT item FROM items WHERE pk = ? AND (ttl IS NULL OR ttl > ?)"
        values: list[Any] = [pk, self._clock()]
        if after:
            statement += " AND sk < ?" if newest_first else " AND sk > ?"
            values.append(after)
        statement += " ORDER BY sk DESC LIMIT ?" if newest_first else " ORDER BY sk LIMIT ?"
        with self._db.statement("Query") as db:
            rows = db.execute(statement, [*values, max(limit, 0)]).fetchall()
        return [json.loads(row[0]) for row in rows]

    def delete(self, pk: str, sk: str) -> None:
        """See Table."""
        key = plain_key(pk, sk)
        with self._db.statement("DeleteItem") as db:
            db.execute(_DELETE, key)

    def close(self) -> None:
        """Close the file; any call after that raises StoreError."""
        self._db.close()

    def _prune(self, db: sqlite3.Connection, now: float) -> None:
        if now >= self._pruned_at + _PRUNE_EVERY:
            self._pruned_at = now
            db.execute(_PRUNE, (now,))


def _row(item: Item) -> tuple[str, str, float | None, str]:
    content = _ENCODER.encode(item)
    if len(content.encode()) > _LARGEST:
        raise StoreError("PutItem: an item takes at most 400 KB")
    ttl = item.get("ttl")
    return item["pk"], item["sk"], None if ttl is None else float(ttl), content


def _same(one: Any, other: Any) -> bool:
    """Compare as DynamoDB does: 1 and true are two values, though Python has them equal."""
    if one is None or isinstance(one, str):
        return bool(one == other)
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
