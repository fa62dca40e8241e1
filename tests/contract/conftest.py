"""The backends that the contracts are held against."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from botocore.config import Config
from moto import mock_aws

from tests.contract.backends import Clock, OneAtATime, aws_client, make_dynamo_table
from tests.contract.dynamodb_local import DynamoDbLocalMissingError, dynamodb_local
from tests.contract.s3_server import ACCESS_KEY, SECRET_KEY, S3ServerMissingError, s3_server
from wechat_oa.store.aws_table import DynamoTable
from wechat_oa.store.local_queue import SqliteQueue
from wechat_oa.store.local_table import SqliteTable
from wechat_oa.store.table import Table


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def moto() -> Iterator[Callable[[str], Any]]:
    """Give clients of an AWS that moto plays in this process, by service name."""
    with mock_aws():
        yield aws_client


@pytest.fixture(scope="module")
def moto_dynamodb(moto: Callable[[str], Any]) -> Any:
    return OneAtATime(moto("dynamodb"))


@pytest.fixture(scope="session")
def dynamodb_local_url() -> Iterator[str]:
    with ExitStack() as stack:
        try:
            endpoint_url = stack.enter_context(dynamodb_local())
        except DynamoDbLocalMissingError as missing:
            if os.environ.get("REQUIRE_DYNAMODB_LOCAL") == "1":
                raise
            pytest.skip(str(missing))
        yield endpoint_url


@pytest.fixture(scope="session")
def local_dynamodb(dynamodb_local_url: str) -> Any:
    return aws_client("dynamodb", endpoint_url=dynamodb_local_url)


@pytest.fixture
def sqlite_table(tmp_path: Path, clock: Clock) -> Iterator[SqliteTable]:
    table = SqliteTable(tmp_path / "table.db", clock)
    yield table
    table.close()


@pytest.fixture
def moto_table(moto_dynamodb: Any, clock: Clock) -> DynamoTable:
    return DynamoTable(moto_dynamodb, make_dynamo_table(moto_dynamodb), clock)


@pytest.fixture
def dynamodb_local_table(local_dynamodb: Any, clock: Clock) -> DynamoTable:
    return DynamoTable(local_dynamodb, make_dynamo_table(local_dynamodb), clock)


@pytest.fixture(params=["sqlite", "moto", "dynamodb_local"])
def table(request: pytest.FixtureRequest) -> Table:
    found: Table = request.getfixturevalue(f"{request.param}_table")
    return found


@pytest.fixture(params=["sqlite", "dynamodb_local"])
def exact_table(request: pytest.FixtureRequest) -> Table:
    """Give the tables that behave as AWS does where moto does not.

    Moto (5.2) takes 1 and true for equal, has another limit for an item's size, and breaks on an
    update without changes and on adding to what is no number.
    """
    found: Table = request.getfixturevalue(f"{request.param}_table")
    return found


@pytest.fixture(scope="module")
def s3(moto: Callable[[str], Any]) -> Any:
    return moto("s3")


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"bucket-{uuid4().hex}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture(scope="session")
def s3_server_url() -> Iterator[str]:
    with ExitStack() as stack:
        try:
            endpoint_url = stack.enter_context(s3_server())
        except S3ServerMissingError as missing:
            if os.environ.get("REQUIRE_S3_SERVER") == "1":
                raise
            pytest.skip(str(missing))
        yield endpoint_url


@pytest.fixture(scope="session")
def served_s3(s3_server_url: str) -> Any:
    """Give a client of an S3 that is a server of its own."""
    return aws_client(
        "s3",
        endpoint_url=s3_server_url,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(s3={"addressing_style": "path"}, connect_timeout=5, read_timeout=5),
    )


@pytest.fixture
def served_bucket(served_s3: Any) -> str:
    name = f"bucket-{uuid4().hex}"
    served_s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def queue_path(tmp_path: Path) -> Path:
    return tmp_path / "queue.db"


@pytest.fixture
def queue(queue_path: Path, clock: Clock) -> Iterator[SqliteQueue]:
    queue = SqliteQueue(queue_path, clock, retry_delay=10, poll=0.001)
    yield queue
    queue.close()
