"""JSON values as DynamoDB's attribute values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .table import Item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef


def marshal(value: Any) -> AttributeValueTypeDef:
    """Return a value that ``values.plain`` has passed, as DynamoDB takes it."""
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, int | float):
        return {"N": repr(value)}
    if isinstance(value, list):
        return {"L": [marshal(each) for each in value]}
    return {"M": marshal_item(value)}


def marshal_item(item: Item) -> dict[str, AttributeValueTypeDef]:
    """Return the attributes of an item, or of a map inside one."""
    return {name: marshal(value) for name, value in item.items()}


def unmarshal_item(item: Mapping[str, Any]) -> Item:
    """Return the item that DynamoDB's attributes describe."""
    return {name: _unmarshal(value) for name, value in item.items()}


def _unmarshal(value: Mapping[str, Any]) -> Any:
    ((kind, content),) = value.items()
    if kind == "N":
        return _number(content)
    if kind == "L":
        return [_unmarshal(each) for each in content]
    if kind == "M":
        return unmarshal_item(content)
    return None if kind == "NULL" else content


def _number(digits: str) -> int | float:
    try:
        return int(digits)
    except ValueError:
        number = float(digits)
        return int(number) if number.is_integer() else number
