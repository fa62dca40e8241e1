"""What every Table promises about updates, held against SQLite, moto and AWS's own DynamoDB Local."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.contract.backends import Clock, types_of
from wechat_oa.store.table import StoreError, Table


def test_an_update_sets_removes_and_adds_in_one_step_and_returns_the_item(table: Table) -> None:
    table.put({"pk": "a", "sk": "-", "text": "old", "gone": 1, "kept": [1], "count": 2})

    updated = table.update("a", "-", set={"text": "new", "gone": None, "more": {"x": 1}}, add={"count": 3})

    assert updated == {"pk": "a", "sk": "-", "text": "new", "kept": [1], "more": {"x": 1}, "count": 5}
    assert table.get("a", "-") == updated


def test_an_update_creates_a_missing_item(table: Table) -> None:
    assert table.update("a", "-", set={"x": 1, "none": None}, add={"n": -2}) == {
        "pk": "a",
        "sk": "-",
        "x": 1,
        "n": -2,
    }


def test_an_update_that_changes_nothing_still_creates_the_item(exact_table: Table) -> None:
    assert exact_table.update("a", "-") == {"pk": "a", "sk": "-"}
    assert exact_table.get("a", "-") == {"pk": "a", "sk": "-"}


def test_a_counter_starts_at_zero_and_counts_every_concurrent_addition(table: Table) -> None:
    with ThreadPoolExecutor(20) as threads:
        list(threads.map(lambda _: table.update("quota", "o1", add={"calls": 2}), range(60)))

    assert table.get("quota", "o1") == {"pk": "quota", "sk": "o1", "calls": 120}


def test_adding_to_a_float_keeps_its_fraction(table: Table) -> None:
    table.put({"pk": "a", "sk": "-", "n": 1.5})

    assert table.update("a", "-", add={"n": 2}) == {"pk": "a", "sk": "-", "n": 3.5}


def test_adding_to_a_number_that_then_has_more_digits_than_a_float_keeps_those_a_float_has(
    exact_table: Table,
) -> None:
    exact_table.put({"pk": "a", "sk": "-", "n": 1e-20})

    updated = exact_table.update("a", "-", add={"n": 1})

    assert updated == {"pk": "a", "sk": "-", "n": 1}
    assert types_of(updated) == {"pk": str, "sk": str, "n": int}


@pytest.mark.parametrize("amount", [1.5, True, "1", None])
def test_only_ints_are_added(table: Table, amount: Any) -> None:
    with pytest.raises(TypeError, match="ints"):
        table.update("a", "-", add={"n": amount})


@pytest.mark.parametrize("there", ["three", True, [3]], ids=str)
def test_adding_to_what_is_no_number_is_an_error_and_changes_nothing(exact_table: Table, there: Any) -> None:
    exact_table.put({"pk": "a", "sk": "-", "n": there})

    with pytest.raises(StoreError):
        exact_table.update("a", "-", set={"x": 1}, add={"n": 1})

    assert exact_table.get("a", "-") == {"pk": "a", "sk": "-", "n": there}


@pytest.mark.parametrize("key", ["pk", "sk"])
def test_an_update_cannot_touch_the_key(table: Table, key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        table.update("a", "-", set={key: "b"})
    with pytest.raises(ValueError, match="key"):
        table.update("a", "-", add={key: 1})
    with pytest.raises(ValueError, match="key"):
        table.update("a", "-", if_equals={key: "a"})


def test_an_attribute_is_not_set_and_added_to_at_once(table: Table) -> None:
    with pytest.raises(ValueError, match="set and added"):
        table.update("a", "-", set={"n": 1}, add={"n": 1})


def test_reserved_words_and_odd_characters_are_ordinary_names(table: Table) -> None:
    names = {"status": 1, "size": 2, "name": 3, "#a": 4, ":b": 5, "a.b": 6, "a[0]": 7, "有效期": 8, " ": 9}

    assert table.update("a", "-", set=names, add={"count": 1}) == {"pk": "a", "sk": "-", **names, "count": 1}
    assert table.update("a", "-", set={"status": None, "a.b": None}, if_equals=names) == {
        **{name: value for name, value in names.items() if name not in ("status", "a.b")},
        **{"pk": "a", "sk": "-", "count": 1},
    }


CONDITIONS: list[tuple[Any, Any, bool]] = [
    ("open", "open", True),
    ("open", "shut", False),
    ("", "", True),
    ("1", 1, False),
    (1, 1.0, True),
    (0.1, 0.1, True),
    (1, True, False),
    (True, True, True),
    (False, 0, False),
    ([1, "a"], [1, "a"], True),
    ([1, "a"], ["a", 1], False),
    ([1], [True], False),
    ({"a": 1, "b": [2]}, {"b": [2], "a": 1}, True),
    ({"a": 1}, {"a": 1, "b": 2}, False),
    ("there", None, False),
    (None, None, True),
    (None, "there", False),
]


@pytest.mark.parametrize(("there", "asked", "holds"), CONDITIONS, ids=str)
def test_an_update_happens_only_if_the_attribute_equals_what_was_asked(
    exact_table: Table, there: Any, asked: Any, holds: bool
) -> None:
    exact_table.put({"pk": "a", "sk": "-", "state": there})
    before = exact_table.get("a", "-")

    updated = exact_table.update("a", "-", set={"done": 1}, if_equals={"state": asked})

    assert before is not None
    assert updated == ({**before, "done": 1} if holds else None)
    assert exact_table.get("a", "-") == ({**before, "done": 1} if holds else before)


def test_every_condition_must_hold(table: Table) -> None:
    table.put({"pk": "a", "sk": "-", "x": 1, "y": 2})

    assert table.update("a", "-", set={"z": 1}, if_equals={"x": 1, "y": 3}) is None
    assert table.update("a", "-", set={"z": 1}, if_equals={"x": 1, "y": 2, "w": 0}) is None
    assert table.update("a", "-", set={"z": 1}, if_equals={"x": 1, "y": 2, "w": None}) is not None


def test_a_condition_on_a_missing_item_holds_only_for_absence(table: Table) -> None:
    assert table.update("a", "-", set={"x": 1}, if_equals={"x": 0}) is None
    assert table.update("a", "-", set={"x": 1}, if_equals={"y": None, "x": 0}) is None
    assert table.get("a", "-") is None

    assert table.update("a", "-", set={"x": 1}, if_equals={"x": None}) == {"pk": "a", "sk": "-", "x": 1}


def test_of_twenty_concurrent_updates_on_one_condition_exactly_one_happens(table: Table) -> None:
    table.put({"pk": "token", "sk": "-", "version": 1})

    def swap(number: int) -> bool:
        change = {"version": 2, "by": number}
        return table.update("token", "-", set=change, if_equals={"version": 1}) is not None

    with ThreadPoolExecutor(20) as threads:
        assert list(threads.map(swap, range(20))).count(True) == 1


def test_an_update_of_an_expired_item_keeps_nothing_of_it(table: Table, clock: Clock) -> None:
    table.put({"pk": "a", "sk": "-", "count": 7, "old": "x", "ttl": int(clock.now) + 1})
    clock.now += 1

    updated = table.update("a", "-", set={"new": 1, "old": None}, add={"count": 1})

    assert updated == {"pk": "a", "sk": "-", "new": 1, "count": 1}
    assert table.get("a", "-") == updated


def test_a_condition_on_an_expired_item_is_one_on_a_missing_item(table: Table, clock: Clock) -> None:
    expired = {"pk": "a", "sk": "-", "state": "open", "ttl": int(clock.now)}
    table.put(expired)

    assert table.update("a", "-", set={"x": 1}, if_equals={"state": "open"}) is None
    assert table.get("a", "-") is None
    assert table.update("a", "-", set={"x": 1}, if_equals={"state": None}) == {"pk": "a", "sk": "-", "x": 1}


def test_concurrent_additions_to_an_expired_counter_all_count(table: Table, clock: Clock) -> None:
    table.put({"pk": "quota", "sk": "o1", "calls": 1000, "ttl": int(clock.now)})

    with ThreadPoolExecutor(10) as threads:
        list(threads.map(lambda _: table.update("quota", "o1", add={"calls": 1}), range(30)))

    assert table.get("quota", "o1") == {"pk": "quota", "sk": "o1", "calls": 30}
