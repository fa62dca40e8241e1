"""Botocore's failures as the store's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from .table import StoreError


@contextmanager
def aws_errors(operation: str) -> Iterator[None]:
    """Raise StoreError for whatever botocore raises inside.

    Its text names the operation and AWS's error code and nothing else: AWS's own message may quote the item.
    """
    try:
        yield
    except ClientError as error:
        raise StoreError(f"{operation}: {error_code(error)}") from None
    except BotoCoreError as error:
        raise StoreError(f"{operation}: {type(error).__name__}") from None


def error_code(error: ClientError) -> str:
    """Return AWS's error code, such as ``ThrottlingException``."""
    return error.response.get("Error", {}).get("Code", "Unknown")
