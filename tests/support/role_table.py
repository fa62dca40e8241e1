"""The table as the role of one function opens it: what IAM would refuse there fails the test here."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from tests.stack.expand import Stack
from wechat_oa.store.table import Item, Table

Keys = Mapping[str, tuple[str, ...]]


@cache
def opened_keys(role: str, egress: str = "none") -> Keys:
    """Return which partition keys a role of template.yaml may name, by action (``GetItem``)."""
    (policy,) = Stack(EgressMode=egress).properties(role)["Policies"]
    found: dict[str, tuple[str, ...]] = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        if statement["Resource"] == "Table.Arn":
            actions = statement["Action"]
            for action in actions if isinstance(actions, list) else [actions]:
                keys = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
                found[action.removeprefix("dynamodb:")] = tuple(keys)
    return found


class RoleTable:
    """Passes on what the role may do, and keeps what of its rights was used."""

    def __init__(self, table: Table, role: str, egress: str = "none") -> None:
        """``table`` is the one that holds the items."""
        self._table = table
        self._role = role
        self._keys = opened_keys(role, egress)
        self.used: set[tuple[str, str]] = set()
        """Whether it was for reading or writing, and the key as the role names it."""

    @property
    def unused(self) -> set[tuple[str, str]]:
        """What the role opens and nobody has used."""
        return {(_kind(action), key) for action, keys in self._keys.items() for key in keys} - self.used

    def get(self, pk: str, sk: str) -> Item | None:
        """See Table."""
        self._needs("GetItem", pk)
        return self._table.get(pk, sk)

    def put(self, item: Mapping[str, Any], *, unless_exists: bool = False) -> bool:
        """See Table."""
        self._needs("PutItem", item["pk"])
        return self._table.put(item, unless_exists=unless_exists)

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
        self._needs("UpdateItem", pk)
        if all(value is None for value in (if_equals or {}).values()):
            # Where an expired item is still lying there, DynamoTable puts a new one in its place.
            self._needs("PutItem", pk)
        return self._table.update(pk, sk, set=set, add=add, if_equals=if_equals)

    def query(self, pk: str, *, after: str = "", limit: int = 50, newest_first: bool = False) -> list[Item]:
        """See Table."""
        self._needs("Query", pk)
        return self._table.query(pk, after=after, limit=limit, newest_first=newest_first)

    def delete(self, pk: str, sk: str) -> None:
        """See Table."""
        self._needs("DeleteItem", pk)
        self._table.delete(pk, sk)

    def _needs(self, action: str, pk: str) -> None:
        found = [key for key in self._keys.get(action, ()) if fnmatchcase(pk, key)]
        assert found, f"AccessDenied: {self._role} may not {action} {pk}"
        self.used |= {(_kind(action), key) for key in found}


def _kind(action: str) -> str:
    return "read" if action in ("GetItem", "Query") else "write"
