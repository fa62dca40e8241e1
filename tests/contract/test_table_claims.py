"""What every Table promises about claims, held against SQLite, moto and AWS's own DynamoDB Local."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from tests.contract.backends import Clock, make_dynamo_table
from wechat_oa.store.aws_table import DynamoTable
from wechat_oa.store.local_table import SqliteTable
from wechat_oa.store.table import Table

ROOT = Path(__file__).parents[2]


def test_a_claim_of_a_free_key_succeeds_and_a_second_one_changes_nothing(table: Table) -> None:
    assert table.put({"pk": "answer#1", "sk": "-", "by": "first"}, unless_exists=True) is True
    assert table.put({"pk": "answer#1", "sk": "-", "by": "second"}, unless_exists=True) is False

    assert table.get("answer#1", "-") == {"pk": "answer#1", "sk": "-", "by": "first"}
    assert table.query("answer#1") == [{"pk": "answer#1", "sk": "-", "by": "first"}]
    updated = table.update("answer#1", "-", set={"done": True})
    assert updated == {"pk": "answer#1", "sk": "-", "by": "first", "done": True}


def test_a_claim_identical_to_the_item_that_is_there_still_fails(table: Table) -> None:
    item = {"pk": "answer#1", "sk": "-", "by": "same"}

    assert [table.put(item, unless_exists=True) for _ in range(3)] == [True, False, False]


def test_a_claim_fails_over_an_item_without_ttl_and_over_one_that_is_still_good(
    table: Table, clock: Clock
) -> None:
    table.put({"pk": "forever", "sk": "-"})
    table.put({"pk": "good", "sk": "-", "ttl": int(clock.now) + 1})

    assert table.put({"pk": "forever", "sk": "-"}, unless_exists=True) is False
    assert table.put({"pk": "good", "sk": "-"}, unless_exists=True) is False


def test_a_claim_succeeds_over_an_expired_item_and_replaces_all_of_it(table: Table, clock: Clock) -> None:
    table.put({"pk": "a", "sk": "-", "old": 1, "ttl": int(clock.now) + 60})
    clock.now += 60

    assert table.put({"pk": "a", "sk": "-", "new": 1}, unless_exists=True) is True

    assert table.get("a", "-") == {"pk": "a", "sk": "-", "new": 1}


@pytest.mark.parametrize("before", ["nothing", "an expired item"])
def test_of_fifty_concurrent_claims_exactly_one_wins(table: Table, clock: Clock, before: str) -> None:
    if before == "an expired item":
        table.put({"pk": "answer#1", "sk": "-", "by": -1, "ttl": int(clock.now)})
    start = Barrier(50)

    def claim(number: int) -> bool:
        start.wait()
        return table.put({"pk": "answer#1", "sk": "-", "by": number}, unless_exists=True)

    with ThreadPoolExecutor(50) as threads:
        won = list(threads.map(claim, range(50)))

    assert won.count(True) == 1
    assert table.get("answer#1", "-") == {"pk": "answer#1", "sk": "-", "by": won.index(True)}


CLAIM_IN_A_PROCESS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from wechat_oa.store.local_table import SqliteTable

path, process = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
table = SqliteTable(path)

def work(thread):
    claimed = table.put({"pk": "answer#1", "sk": "-", "by": process + thread}, unless_exists=True)
    table.update("counter", "-", add={"calls": 1})
    return claimed

with ThreadPoolExecutor(10) as threads:
    print(sum(threads.map(work, "0123456789")), flush=True)
"""


def test_of_fifty_claims_from_five_processes_exactly_one_wins_and_every_addition_counts(
    tmp_path: Path,
) -> None:
    path = tmp_path / "new-folder" / "table.db"  # so that the five also make the file at once
    command = [sys.executable, "-W", "error", "-c", CLAIM_IN_A_PROCESS, str(path)]
    processes = [
        subprocess.Popen(  # noqa: S603 (this very Python)
            [*command, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(ROOT / "layers" / "common")},
        )
        for number in range(5)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    won = [int(process.communicate(timeout=60)[0]) for process in processes]

    table = SqliteTable(path)
    counter = table.get("counter", "-")
    table.close()
    assert sorted(won) == [0, 0, 0, 0, 1]
    assert counter == {"pk": "counter", "sk": "-", "calls": 50}


def test_a_claim_whose_first_response_was_lost_is_still_ours(moto: Any, clock: Clock) -> None:
    # Given a client that repeats a request although AWS carried it out, as botocore does on a broken line
    client = moto("dynamodb")
    repeated = []

    def lose_the_first_response(attempts: int, **_: Any) -> float | None:
        if attempts > 1:
            return None
        repeated.append(attempts)
        return 0.001

    client.meta.events.register("needs-retry.dynamodb.PutItem", lose_the_first_response)
    table = DynamoTable(client, make_dynamo_table(client), clock)

    # When the key is claimed, then the claim is told from someone else's
    assert table.put({"pk": "a", "sk": "-"}, unless_exists=True) is True
    assert table.put({"pk": "a", "sk": "-"}, unless_exists=True) is False
    assert len(repeated) == 2
