"""What every Table promises about failures, held against SQLite, moto and AWS's own DynamoDB Local."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from botocore.config import Config
from botocore.stub import Stubber

from tests.contract.backends import aws_client
from wechat_oa.store.aws_table import DynamoTable
from wechat_oa.store.local_table import SqliteTable
from wechat_oa.store.table import StoreError, Table


def calls(table: Table) -> list[Callable[[], object]]:
    return [
        lambda: table.get("a", "-"),
        lambda: table.put({"pk": "a", "sk": "-", "text": "secret words"}),
        lambda: table.put({"pk": "a", "sk": "-", "text": "secret words"}, unless_exists=True),
        lambda: table.update("a", "-", set={"text": "secret words"}),
        lambda: table.query("a"),
        lambda: table.delete("a", "-"),
    ]


OPERATIONS = ["GetItem", "PutItem", "PutItem", "UpdateItem", "Query", "DeleteItem"]
METHODS = ["get_item", "put_item", "put_item", "update_item", "query", "delete_item"]


@pytest.mark.parametrize("call", range(6), ids=lambda number: f"{OPERATIONS[number]} {number}")
@pytest.mark.parametrize(
    "code", ["ProvisionedThroughputExceededException", "InternalServerError", "AccessDeniedException"]
)
def test_what_aws_refuses_is_a_store_error_that_names_the_operation_and_the_code_alone(
    call: int, code: str
) -> None:
    client = aws_client("dynamodb")
    table = DynamoTable(client, "table")
    with Stubber(client) as stubber:
        stubber.add_client_error(METHODS[call], code, "the item 'secret words' was refused")

        with pytest.raises(StoreError) as caught:
            calls(table)[call]()

    assert str(caught.value) == f"{OPERATIONS[call]}: {code}"
    # A traceback would show AWS's own message, which may quote the item.
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("call", range(6), ids=lambda number: f"{OPERATIONS[number]} {number}")
def test_an_aws_that_cannot_be_reached_is_a_store_error(call: int) -> None:
    client = aws_client(
        "dynamodb",
        endpoint_url="http://127.0.0.1:9",
        config=Config(connect_timeout=0.2, read_timeout=0.2, retries={"total_max_attempts": 1}),
    )

    with pytest.raises(StoreError, match=f"^{OPERATIONS[call]}: EndpointConnectionError$"):
        calls(DynamoTable(client, "table"))[call]()


def test_a_sqlite_file_that_stays_locked_is_a_store_error_and_works_again_after(tmp_path: Path) -> None:
    table = SqliteTable(tmp_path / "table.db", timeout=0.01)
    other = sqlite3.connect(tmp_path / "table.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    for call in (1, 2, 3, 5):
        with pytest.raises(StoreError, match=f"^{OPERATIONS[call]}: SQLITE_BUSY$") as caught:
            calls(table)[call]()
        assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
    assert table.get("a", "-") is None  # a reader waits for no one

    other.execute("ROLLBACK")
    assert table.update("a", "-", set={"x": 1}) == {"pk": "a", "sk": "-", "x": 1}
    other.close()
    table.close()


def test_a_closed_sqlite_table_is_a_store_error(tmp_path: Path) -> None:
    table = SqliteTable(tmp_path / "table.db")
    table.close()

    for call in calls(table):
        with pytest.raises(StoreError):
            call()


def test_a_file_that_is_no_database_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "table.db").write_bytes(b"not a database, but long enough to be read as one" * 100)

    with pytest.raises(StoreError, match=r"^open: SQLITE_NOTADB$"):
        SqliteTable(tmp_path / "table.db")


def test_what_was_written_is_there_for_the_next_process_and_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "table.db"
    table = SqliteTable(path)
    table.put({"pk": "a", "sk": "-", "x": 1})
    table.close()

    again = SqliteTable(path)
    assert again.get("a", "-") == {"pk": "a", "sk": "-", "x": 1}
    again.close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_threads_that_open_a_new_file_at_the_same_time_all_get_their_table(tmp_path: Path) -> None:
    start = Barrier(8)

    def open_and_write(path: Path) -> bool:
        start.wait()
        table = SqliteTable(path)
        written = table.put({"pk": "a", "sk": "-"})
        table.close()
        return written

    with ThreadPoolExecutor(8) as threads:
        for number in range(50):  # without waiting for the lock, about one time in thirty fails
            assert all(threads.map(open_and_write, [tmp_path / f"{number}.db"] * 8))
