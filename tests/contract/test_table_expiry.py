"""What every Table promises about expiry, held against SQLite, moto and AWS's own DynamoDB Local."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.contract.backends import NOW, Clock
from wechat_oa.store.local_table import SqliteTable
from wechat_oa.store.table import Table


def test_an_item_is_there_until_its_ttl_and_not_from_then_on(table: Table, clock: Clock) -> None:
    item = {"pk": "a", "sk": "-", "ttl": int(NOW) + 60}
    table.put(item)

    clock.now = NOW + 59.999
    assert table.get("a", "-") == item
    assert table.query("a") == [item]

    clock.now = NOW + 60
    assert table.get("a", "-") is None
    assert table.query("a") == []


def test_ttl_is_kept_in_whole_seconds_rounded_up(table: Table) -> None:
    table.put({"pk": "a", "sk": "-", "ttl": NOW + 0.25})

    assert table.get("a", "-") == {"pk": "a", "sk": "-", "ttl": int(NOW) + 1}
    assert (table.update("a", "-", set={"ttl": NOW + 9.5}) or {})["ttl"] == int(NOW) + 10


@pytest.mark.parametrize("ttl", ["tomorrow", True, [1]])
def test_a_ttl_that_is_no_number_is_refused(table: Table, ttl: Any) -> None:
    with pytest.raises(TypeError, match="ttl"):
        table.put({"pk": "a", "sk": "-", "ttl": ttl})
    with pytest.raises(TypeError, match="ttl"):
        table.update("a", "-", set={"ttl": ttl})


def test_an_update_can_give_an_item_more_time_and_take_its_end_away(table: Table, clock: Clock) -> None:
    table.put({"pk": "a", "sk": "-", "ttl": int(clock.now) + 10})
    table.update("a", "-", set={"ttl": int(clock.now) + 20})
    clock.now += 15
    assert table.get("a", "-") is not None

    table.update("a", "-", set={"ttl": None})
    clock.now += 1000
    assert table.get("a", "-") == {"pk": "a", "sk": "-"}


def test_expired_rows_leave_the_sqlite_file(sqlite_table: SqliteTable, tmp_path: Path, clock: Clock) -> None:
    for number in range(10):
        sqlite_table.put({"pk": "old", "sk": str(number), "ttl": int(clock.now) + 1})
    clock.now += 3600

    sqlite_table.put({"pk": "new", "sk": "-"})

    connection = sqlite3.connect(tmp_path / "table.db")
    rows = connection.execute("SELECT pk FROM items").fetchall()
    connection.close()
    assert rows == [("new",)]
