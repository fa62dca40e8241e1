"""What every Table promises about items and keys, held against SQLite, moto and AWS's own DynamoDB Local."""

from __future__ import annotations

from typing import Any

from botocore.stub import ANY, Stubber

from tests.contract.backends import NOW, aws_client, types_of
from wechat_oa.store.aws_table import DynamoTable
from wechat_oa.store.table import Table


def test_an_item_that_was_never_written_is_none(table: Table) -> None:
    assert table.get("follower#o1", "unread") is None


def test_a_written_item_comes_back_as_it_was_written(table: Table) -> None:
    item = {
        "pk": "follower#o1",
        "sk": "turn#01",
        "ttl": int(NOW) + 60,
        "text": "你好，世界 🌏\n\x00",
        "empty": "",
        "count": 3,
        "large": 10**37 + 1,
        "temperature": 0.7,
        "tiny": -1e-130,
        "yes": True,
        "no": False,
        "list": [1, "a", [True, None, {}], {"role": "user", "none": None}],
        "map": {"status": "done", "of": {"size": [0, -1, 2.5]}},
    }

    assert table.put(item) is True

    found = table.get("follower#o1", "turn#01")
    assert found == item
    assert types_of(found) == types_of(item)


def test_a_put_replaces_the_whole_item(table: Table) -> None:
    table.put({"pk": "a", "sk": "-", "old": 1, "both": 1})

    table.put({"pk": "a", "sk": "-", "both": 2})

    assert table.get("a", "-") == {"pk": "a", "sk": "-", "both": 2}


def test_items_differ_by_either_part_of_their_key(table: Table) -> None:
    for pk, sk in (("a", "1"), ("a", "2"), ("b", "1")):
        table.put({"pk": pk, "sk": sk, "key": pk + sk})

    table.delete("a", "1")

    assert table.get("a", "1") is None
    assert table.get("a", "2") == {"pk": "a", "sk": "2", "key": "a2"}
    assert table.get("b", "1") == {"pk": "b", "sk": "1", "key": "b1"}


def test_deleting_what_is_not_there_is_no_error(table: Table) -> None:
    table.delete("a", "-")

    assert table.get("a", "-") is None


def test_an_attribute_put_as_none_is_not_stored(table: Table) -> None:
    table.put({"pk": "a", "sk": "-", "gone": None, "kept": 0, "ttl": None})

    assert table.get("a", "-") == {"pk": "a", "sk": "-", "kept": 0}


def test_a_float_without_a_fraction_comes_back_as_an_int(table: Table) -> None:
    table.put({"pk": "a", "sk": "-", "one": 1.0, "zero": -0.0, "large": 1e30})

    found = table.get("a", "-")

    assert found == {"pk": "a", "sk": "-", "one": 1, "zero": 0, "large": int(1e30)}
    assert types_of(found) == types_of({"pk": "", "sk": "", "one": 1, "zero": 0, "large": 1})


def test_lone_surrogates_are_replaced_in_keys_names_and_values(table: Table) -> None:
    table.put({"pk": "p\ud800", "sk": "s\udc00", "n\ud800": ["v\udfff", "\ud83c\udf0f"]})

    expected = {"pk": "p\ufffd", "sk": "s\ufffd", "n\ufffd": ["v\ufffd", "🌏"]}
    assert table.get("p\ud800", "s\udc00") == expected
    assert table.get("p\ufffd", "s\ufffd") == expected
    assert table.query("p\ud800", after="r\udc00") == [expected]


def test_dynamodb_is_asked_for_consistent_reads() -> None:
    client = aws_client("dynamodb")
    table = DynamoTable(client, "table")
    with Stubber(client) as stubber:
        expected: dict[str, Any] = {"TableName": "table", "ConsistentRead": True}
        key = {"pk": {"S": "a"}, "sk": {"S": "-"}}
        stubber.add_response("get_item", {"Item": {**key, "n": {"N": "1"}}}, {**expected, "Key": key})
        query = dict.fromkeys(
            [
                "KeyConditionExpression",
                "FilterExpression",
                "ExpressionAttributeNames",
                "ExpressionAttributeValues",
                "ScanIndexForward",
                "Limit",
            ],
            ANY,
        )
        stubber.add_response("query", {"Items": []}, {**expected, **query})

        assert table.get("a", "-") == {"pk": "a", "sk": "-", "n": 1}
        assert table.query("a") == []
