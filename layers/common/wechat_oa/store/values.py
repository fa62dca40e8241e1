"""What an item or a job may hold: checked and made alike for every backend, before anything is written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from .table import Item, StoreError

# DynamoDB keeps 38 decimal digits, numbers from 1e-130 up, and 32 levels: 31 around the innermost value.
_TOO_LARGE = 10**38
_SMALLEST = 1e-130
_DEEPEST = 31
_LONGEST_PK = 2048  # UTF-8 bytes
_LONGEST_SK = 1024


def text(value: str) -> str:
    """Return the text as UTF-8 can carry it: halves of a surrogate pair are joined, or become U+FFFD."""
    if value.isascii():
        return value
    try:
        return value.encode().decode()
    except UnicodeEncodeError:
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def plain(value: object, *, _depth: int = 0) -> Any:
    """Return a JSON value (strings, numbers, booleans, None, lists, string-keyed mappings) as plain types.

    A float without a fraction becomes an int; tuples become lists; texts pass through ``text``. Raises
    TypeError for anything that is not JSON, and ValueError for NaN, infinity, numbers of 1e38 and more,
    fractions closer to zero than 1e-130, empty names, and more than 31 lists or mappings in one another.
    """
    if isinstance(value, str):
        return text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return _number(value)
    if _depth >= _DEEPEST and isinstance(value, list | tuple | Mapping):
        raise ValueError(f"a value must not be nested more than {_DEEPEST} levels deep")
    if isinstance(value, list | tuple):
        return [plain(each, _depth=_depth + 1) for each in value]
    if isinstance(value, Mapping):
        return {_name(name): plain(each, _depth=_depth + 1) for name, each in value.items()}
    raise TypeError(f"a stored value must be JSON, not {type(value).__name__}")


def plain_key(pk: object, sk: object) -> tuple[str, str]:
    """Return a key as it is stored. Raises TypeError if it is not text, ValueError if empty or too long."""
    if not isinstance(pk, str) or not isinstance(sk, str):
        raise TypeError("pk and sk must be strings")
    pk, sk = text(pk), text(sk)
    if not 0 < len(pk.encode()) <= _LONGEST_PK or not 0 < len(sk.encode()) <= _LONGEST_SK:
        raise ValueError(f"pk takes 1 to {_LONGEST_PK} UTF-8 bytes, and sk 1 to {_LONGEST_SK}")
    return pk, sk


def plain_start(pk: object, after: object) -> tuple[str, str]:
    """Return where a query starts: as ``plain_key``, but ``after`` may be empty."""
    if after == "":
        return plain_key(pk, "-")[0], ""
    return plain_key(pk, after)


def plain_item(item: Mapping[str, Any]) -> Item:
    """Return a whole item as it is stored: without attributes that are None, ``ttl`` in whole seconds.

    Raises TypeError and ValueError as ``plain`` and ``plain_key``, and ValueError for a name that starts
    with ``_``: those are the store's own.
    """
    pk, sk = plain_key(item.get("pk"), item.get("sk"))
    attributes = {_attribute(name): _value(name, each) for name, each in item.items() if each is not None}
    return {**attributes, "pk": pk, "sk": sk}


def expired(item: Item, now: float) -> bool:
    """Tell whether the item's ``ttl`` has come by ``now`` (epoch seconds)."""
    ttl = item.get("ttl")
    return ttl is not None and ttl <= now


class Change(NamedTuple):
    """What ``Table.update`` is asked to do, checked."""

    set: dict[str, Any]
    add: dict[str, int]
    if_equals: dict[str, Any]

    @classmethod
    def of(
        cls,
        set: Mapping[str, Any] | None,
        add: Mapping[str, int] | None,
        if_equals: Mapping[str, Any] | None,
    ) -> Change:
        """Check the arguments of ``Table.update``.

        Raises TypeError and ValueError as ``plain_item``, TypeError for adding anything but an int, and
        ValueError for changing the key, or for setting and adding to the same attribute.
        """
        change = cls(_attributes(set), _attributes(add), _attributes(if_equals))
        if change.set.keys() & change.add.keys():
            raise ValueError("an attribute cannot be set and added to in one update")
        if any(type(amount) is not int for amount in change.add.values()):
            raise TypeError("only ints can be added")
        return change

    @property
    def needs_item(self) -> bool:
        """Whether the condition asks for a value, which a missing item does not have."""
        return any(value is not None for value in self.if_equals.values())

    def applied_to(self, item: Item) -> Item:
        """Return the item changed. Raises StoreError when what is added to is not a number."""
        changed = {**item, **self.set}
        for name, amount in self.add.items():
            number = changed.get(name, 0)
            if type(number) not in (int, float):
                raise StoreError("UpdateItem: what is added to is not a number")
            changed[name] = plain(number + amount)
        return {name: value for name, value in changed.items() if value is not None}


def _number(value: float) -> int | float:
    # This order: isnan cannot take an int beyond the range of floats.
    if abs(value) >= _TOO_LARGE or math.isnan(value) or 0 < abs(value) < _SMALLEST:
        raise ValueError("a number must be finite, below 1e38, and zero or no closer to it than 1e-130")
    if isinstance(value, int) or value.is_integer():
        return int(value)
    return float(value)


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"names must be strings, not {type(name).__name__}")
    if not name:
        raise ValueError("a name must not be empty")
    return text(name)


def _attribute(name: object) -> str:
    checked = _name(name)
    if checked.startswith("_"):
        raise ValueError("names that start with _ are the store's own")
    return checked


def _value(name: str, value: object) -> Any:
    value = plain(value)
    if name == "ttl" and value is not None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError("ttl must be a number of epoch seconds")
        # The engine's own removal reads whole seconds.
        return math.ceil(value)
    return value


def _attributes(values: Mapping[str, Any] | None) -> dict[str, Any]:
    checked = {_attribute(name): _value(name, value) for name, value in (values or {}).items()}
    if "pk" in checked or "sk" in checked:
        raise ValueError("the key of an item cannot be changed, nor asked for in a condition")
    return checked
