"""What every Table promises about queries, held against SQLite, moto and AWS's own DynamoDB Local."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.backends import Clock
from wechat_oa.store.table import Table


def sort_keys(items: list[dict[str, Any]]) -> list[str]:
    return [item["sk"] for item in items]


def test_a_query_returns_one_partition_in_the_order_of_its_sort_keys(table: Table) -> None:
    for sk in ("turn#3", "turn#1", "unread", "turn#2"):
        table.put({"pk": "o1", "sk": sk, "of": sk})
    table.put({"pk": "o2", "sk": "turn#0"})

    assert sort_keys(table.query("o1")) == ["turn#1", "turn#2", "turn#3", "unread"]
    assert table.query("o1", newest_first=True)[0] == {"pk": "o1", "sk": "unread", "of": "unread"}
    assert table.query("o3") == []


def test_sort_keys_are_ordered_by_their_utf8_bytes(table: Table) -> None:
    keys = ["A", "Z", "a", "é", "中", "\uffee", "🌏", "~", "\x00", "a\x00", "a\x00b", "ab"]
    for sk in keys:
        table.put({"pk": "a", "sk": sk})

    assert sort_keys(table.query("a")) == sorted(keys, key=str.encode)


def test_a_query_is_read_on_from_a_sort_key_in_either_direction(table: Table) -> None:
    for number in range(7):
        table.put({"pk": "a", "sk": str(number)})

    assert sort_keys(table.query("a", limit=3)) == ["0", "1", "2"]
    assert sort_keys(table.query("a", after="2", limit=3)) == ["3", "4", "5"]
    assert sort_keys(table.query("a", after="2x", limit=2)) == ["3", "4"]
    assert sort_keys(table.query("a", after="6")) == []
    assert sort_keys(table.query("a", limit=2, newest_first=True)) == ["6", "5"]
    assert sort_keys(table.query("a", after="5", limit=2, newest_first=True)) == ["4", "3"]
    assert sort_keys(table.query("a", after="0", newest_first=True)) == []


def test_a_query_gives_fifty_items_unless_told_otherwise_and_none_for_a_limit_of_zero(table: Table) -> None:
    for number in range(52):
        table.put({"pk": "a", "sk": f"{number:02}"})

    assert sort_keys(table.query("a")) == [f"{number:02}" for number in range(50)]
    assert len(table.query("a", limit=1000)) == 52
    assert table.query("a", limit=0) == []
    assert table.query("a", limit=-1) == []


@pytest.mark.parametrize("newest_first", [False, True])
def test_expired_items_do_not_use_up_the_limit(table: Table, clock: Clock, newest_first: bool) -> None:
    for number in range(30):
        expired = number not in (1, 14, 28)
        table.put({"pk": "a", "sk": f"{number:02}", "ttl": int(clock.now) + (0 if expired else 60)})

    found = sort_keys(table.query("a", limit=2, newest_first=newest_first))

    assert found == (["28", "14"] if newest_first else ["01", "14"])


def test_a_query_reads_past_the_megabyte_that_dynamodb_returns_at_once(table: Table) -> None:
    for number in range(5):
        table.put({"pk": "a", "sk": str(number), "text": "x" * 300_000})

    assert sort_keys(table.query("a")) == ["0", "1", "2", "3", "4"]
