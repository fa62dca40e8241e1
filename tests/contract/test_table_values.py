"""What every Table promises about values, held against SQLite, moto and AWS's own DynamoDB Local."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.backends import types_of
from wechat_oa.store.table import StoreError, Table

REFUSED_VALUES: list[tuple[type[Exception], Any]] = [
    (ValueError, math.nan),
    (ValueError, math.inf),
    (ValueError, -math.inf),
    (ValueError, [1, {"deep": math.nan}]),
    (ValueError, 10**38),
    (ValueError, -(10**400)),
    (ValueError, -1.1e38),
    (ValueError, 1e-131),
    (ValueError, {"": 1}),
    (TypeError, {1: "a"}),
    (TypeError, {None: "a"}),
    (TypeError, [{("a",): 1}]),
    (TypeError, b"bytes"),
    (TypeError, {"a set"}),
    (TypeError, object()),
]


@pytest.mark.parametrize(
    ("error", "value"), REFUSED_VALUES, ids=[repr(value)[:12] for _, value in REFUSED_VALUES]
)
def test_what_is_not_json_is_refused_and_nothing_is_written(
    table: Table, error: type[Exception], value: object
) -> None:
    with pytest.raises(error):
        table.put({"pk": "a", "sk": "-", "value": value})
    with pytest.raises(error):
        table.update("a", "-", set={"value": value})
    with pytest.raises(error):
        table.update("a", "-", if_equals={"value": value})

    assert table.get("a", "-") is None


def test_values_nest_thirty_one_levels_and_no_deeper(table: Table) -> None:
    deepest: Any = "core"
    for level in range(31):
        deepest = [deepest] if level % 2 else {"in": deepest}

    table.put({"pk": "a", "sk": "-", "value": deepest})

    assert table.get("a", "-") == {"pk": "a", "sk": "-", "value": deepest}
    with pytest.raises(ValueError, match="nested"):
        table.put({"pk": "b", "sk": "-", "value": [deepest]})


BAD_KEYS = [("", "s"), ("p", ""), ("p" * 2049, "s"), ("p", "页" * 342)]


@pytest.mark.parametrize(("pk", "sk"), BAD_KEYS, ids=["no pk", "no sk", "long pk", "long sk"])
def test_keys_that_are_empty_or_too_long_are_refused(table: Table, pk: str, sk: str) -> None:
    with pytest.raises(ValueError, match="UTF-8 bytes"):
        table.get(pk, sk)
    with pytest.raises(ValueError, match="UTF-8 bytes"):
        table.put({"pk": pk, "sk": sk})
    with pytest.raises(ValueError, match="UTF-8 bytes"):
        table.update(pk, sk, set={"a": 1})
    with pytest.raises(ValueError, match="UTF-8 bytes"):
        table.delete(pk, sk)


def test_keys_as_long_as_they_may_be_are_kept(table: Table) -> None:
    item = {"pk": "p" * 2048, "sk": "页" * 341 + "x"}

    table.put(item)

    assert table.get(item["pk"], item["sk"]) == item


@pytest.mark.parametrize("item", [{"pk": "a"}, {"sk": "a"}, {"pk": 1, "sk": "a"}, {"pk": "a", "sk": None}])
def test_an_item_without_a_whole_key_is_refused(table: Table, item: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="pk and sk"):
        table.put(item)


@pytest.mark.parametrize(("error", "name"), [(ValueError, ""), (ValueError, "_claim"), (TypeError, 7)])
def test_attribute_names_that_are_not_the_callers_are_refused(
    table: Table, error: type[Exception], name: Any
) -> None:
    with pytest.raises(error):
        table.put({"pk": "a", "sk": "-", name: 1})
    with pytest.raises(error):
        table.update("a", "-", set={name: 1})


def test_an_item_of_more_than_400_kb_is_refused(exact_table: Table) -> None:
    exact_table.put({"pk": "a", "sk": "-", "text": "页" * 136_000})

    with pytest.raises(StoreError):
        exact_table.put({"pk": "b", "sk": "-", "text": "页" * 137_000})

    assert len((exact_table.get("a", "-") or {})["text"]) == 136_000
    assert exact_table.get("b", "-") is None


texts = st.text(st.characters(codec="utf-8"), max_size=20)
names = texts.filter(lambda name: bool(name) and not name.startswith("_") and name not in ("pk", "sk", "ttl"))
floats = st.floats(min_value=-1e15, max_value=1e15).filter(
    lambda number: not number.is_integer() and abs(number) >= 1e-130
)
numbers = st.integers(1 - 10**38, 10**38 - 1) | floats
json_values = st.recursive(
    st.none() | st.booleans() | texts | numbers,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=8,
)
attributes = st.dictionaries(names, json_values.filter(lambda value: value is not None), max_size=5)

# One table does for all examples: each writes the same item anew.
many_examples = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@many_examples
@given(attributes=attributes)
def test_any_json_comes_back_unchanged(table: Table, attributes: dict[str, Any]) -> None:
    table.put({"pk": "a", "sk": "-", **attributes})

    found = table.get("a", "-")

    assert found == {"pk": "a", "sk": "-", **attributes}
    assert types_of(found) == types_of({"pk": "a", "sk": "-", **attributes})


@many_examples
@given(attributes=attributes)
def test_any_json_equals_itself_in_a_condition(exact_table: Table, attributes: dict[str, Any]) -> None:
    item = {"pk": "a", "sk": "-", **attributes}
    exact_table.put(item)

    assert exact_table.update("a", "-", if_equals=attributes) == item
