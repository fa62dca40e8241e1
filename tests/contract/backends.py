"""What the contract tests make their backends of."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import boto3
from botocore.config import Config

NOW = 1_763_900_000.0

aws_client: Callable[..., Any] = partial(
    boto3.client,
    region_name="us-east-1",
    aws_access_key_id="testing",
    aws_secret_access_key="testing",
    config=Config(
        connect_timeout=5, read_timeout=5, retries={"total_max_attempts": 2}, max_pool_connections=50
    ),
)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class OneAtATime:
    """A client whose calls take turns.

    Moto checks a condition and writes the item in two steps, where AWS has one: two threads could both pass.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            with self._lock:
                return getattr(self._client, name)(**arguments)

        return call


def make_dynamo_table(client: Any, name: str = "") -> str:
    """Make an empty table as the deployment makes it, and return its name, a new one if none is given."""
    name = name or f"table-{uuid4().hex}"
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def types_of(value: Any) -> Any:
    """True and 1, and 1 and 1.0, are equal in Python: their types tell them apart."""
    if isinstance(value, dict):
        return {name: types_of(each) for name, each in value.items()}
    if isinstance(value, list):
        return [types_of(each) for each in value]
    return type(value)
