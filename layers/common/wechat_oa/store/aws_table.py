"""The table on DynamoDB: keys ``pk`` and ``sk`` (strings), and ``ttl`` as its time-to-live attribute."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from .aws_errors import aws_errors, error_code
from .aws_values import marshal, marshal_item, unmarshal_item
from .table import Item, StoreError
from .values import Change, expired, plain_item, plain_key, plain_start

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_CLAIM = "_claim"
_LIVE = "(attribute_not_exists(#ttl) OR #ttl > :now)"
_TRIES = 5  # of an update that meets an expired item while others write it
_LONG_PAGE = 100  # items


class DynamoTable:
    """A Table (see its protocol) over a DynamoDB client that is handed in."""

    def __init__(
        self, client: DynamoDBClient, table_name: str, clock: Callable[[], float] = time.time
    ) -> None:
        """``clock`` tells epoch seconds."""
        self._client = client
        self._name = table_name
        self._clock = clock

    def get(self, pk: str, sk: str) -> Item | None:
        """See Table. The read is strongly consistent."""
        pk, sk = plain_key(pk, sk)
        with aws_errors("GetItem"):
            response = self._client.get_item(
                TableName=self._name, Key=marshal_item({"pk": pk, "sk": sk}), ConsistentRead=True
            )
        item = _read(response.get("Item"))
        return None if item is None or expired(item, self._clock()) else item

    def put(self, item: Mapping[str, Any], *, unless_exists: bool = False) -> bool:
        """See Table."""
        item = plain_item(item)
        if unless_exists:
            return self._claim(item)
        with aws_errors("PutItem"):
            self._client.put_item(TableName=self._name, Item=marshal_item(item))
        return True

    def _claim(self, item: Item) -> bool:
        # Botocore repeats a request whose response was lost. The second one meets the item that the first
        # one wrote: without a mark to know it by, nobody would have won.
        mark = uuid.uuid4().hex
        with aws_errors("PutItem"):
            try:
                self._client.put_item(
                    TableName=self._name,
                    Item=marshal_item({**item, _CLAIM: mark}),
                    ConditionExpression="attribute_not_exists(#pk) OR #ttl <= :now",
                    ExpressionAttributeNames={"#pk": "pk", "#ttl": "ttl"},
                    ExpressionAttributeValues={":now": marshal(self._clock())},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                there = _refused_for(error)
                return there.get(_CLAIM) == mark
        return True

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
        pk, sk = plain_key(pk, sk)
        change = Change.of(set, add, if_equals)
        for _ in range(_TRIES):
            now = self._clock()
            with aws_errors("UpdateItem"):
                try:
                    return self._update_live(pk, sk, change, now)
                except ClientError as error:
                    there = _refused_for(error)
            if change.needs_item or (there and not expired(there, now)):
                return None
            # What is there has expired, so the change applies to nothing: none of the old may survive it.
            fresh = change.applied_to({"pk": pk, "sk": sk})
            if self._claim(fresh):
                return fresh
        raise StoreError("UpdateItem: the item kept changing")

    def _update_live(self, pk: str, sk: str, change: Change, now: float) -> Item:
        """Change the item unless it has expired; a conditional failure is raised as botocore raises it."""
        expression = _Expression({"#ttl": "ttl"}, {":now": marshal(now)})
        clauses = expression.changes(change)
        changes: dict[str, Any] = {"UpdateExpression": clauses} if clauses else {}
        response = self._client.update_item(
            TableName=self._name,
            Key=marshal_item({"pk": pk, "sk": sk}),
            ConditionExpression=" AND ".join([_LIVE, *expression.conditions(change)]),
            ExpressionAttributeNames=expression.names,
            ExpressionAttributeValues=expression.values,
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **changes,
        )
        return _read(response["Attributes"]) or {}

    def query(self, pk: str, *, after: str = "", limit: int = 50, newest_first: bool = False) -> list[Item]:
        """See Table. The read is strongly consistent."""
        pk, after = plain_start(pk, after)
        names = {"#pk": "pk", "#ttl": "ttl"}
        values = {":pk": marshal(pk), ":now": marshal(self._clock())}
        condition = "#pk = :pk"
        if after:
            condition += f" AND #sk {'<' if newest_first else '>'} :after"
            names["#sk"] = "sk"
            values[":after"] = marshal(after)
        items: list[Item] = []
        page: dict[str, Any] = {"Limit": limit}
        while len(items) < limit:
            with aws_errors("Query"):
                response = self._client.query(
                    TableName=self._name,
                    KeyConditionExpression=condition,
                    FilterExpression=_LIVE,
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=values,
                    ScanIndexForward=not newest_first,
                    ConsistentRead=True,
                    **page,
                )
            items += [_without_mark(unmarshal_item(item)) for item in response["Items"]]
            if "LastEvaluatedKey" not in response:
                break
            # DynamoDB counts the limit before it filters: a stretch of expired items is read in long pages.
            page = {
                "Limit": max(limit - len(items), _LONG_PAGE),
                "ExclusiveStartKey": response["LastEvaluatedKey"],
            }
        return items[:limit] if limit > 0 else []

    def delete(self, pk: str, sk: str) -> None:
        """See Table."""
        pk, sk = plain_key(pk, sk)
        with aws_errors("DeleteItem"):
            self._client.delete_item(TableName=self._name, Key=marshal_item({"pk": pk, "sk": sk}))


class _Expression:
    """Placeholders for names and values: an attribute may have the name of any reserved word."""

    def __init__(self, names: dict[str, str], values: dict[str, Any]) -> None:
        self.names = names
        self.values = values

    def changes(self, change: Change) -> str:
        setting = [f"{self._name(n)} = {self._value(v)}" for n, v in change.set.items() if v is not None]
        removing = [self._name(n) for n, v in change.set.items() if v is None]
        adding = [f"{self._name(n)} {self._value(v)}" for n, v in change.add.items()]
        clauses = {"SET": setting, "REMOVE": removing, "ADD": adding}
        return " ".join(f"{word} {', '.join(parts)}" for word, parts in clauses.items() if parts)

    def conditions(self, change: Change) -> list[str]:
        return [
            f"attribute_not_exists({self._name(n)})" if v is None else f"{self._name(n)} = {self._value(v)}"
            for n, v in change.if_equals.items()
        ]

    def _name(self, name: str) -> str:
        placeholder = f"#n{len(self.names)}"
        self.names[placeholder] = name
        return placeholder

    def _value(self, value: Any) -> str:
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = marshal(value)
        return placeholder


def _refused_for(error: ClientError) -> Item:
    """Return the item that made a condition fail, empty if none was there. Re-raises any other error."""
    if error_code(error) != "ConditionalCheckFailedException":
        raise error
    response: Mapping[str, Any] = error.response
    return unmarshal_item(response.get("Item", {}))


def _read(item: Mapping[str, Any] | None) -> Item | None:
    return None if item is None else _without_mark(unmarshal_item(item))


def _without_mark(item: Item) -> Item:
    item.pop(_CLAIM, None)
    return item
