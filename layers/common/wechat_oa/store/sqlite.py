"""A SQLite file that several threads and processes use at once."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType

from .table import StoreError


class Database:
    """One connection, guarded by a lock; every failure of SQLite is raised as StoreError."""

    def __init__(self, path: str | Path, schema: str, *, timeout: float) -> None:
        """Open the file, made with its folder and ``schema`` where they are missing.

        ``timeout`` is how many seconds a call waits for another process to end its write. Raises StoreError.
        """
        self._lock = threading.Lock()
        with _errors("open"):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            # It holds access tokens and what followers wrote.
            Path(path).touch(mode=0o600)
            self._connection = sqlite3.connect(
                path, timeout=timeout, isolation_level=None, check_same_thread=False
            )
            try:
                _use_wal(self._connection, timeout)
                self._connection.execute("PRAGMA synchronous=NORMAL")
                self._connection.executescript(f"BEGIN IMMEDIATE;{schema}COMMIT;")
            except sqlite3.Error:
                self._connection.close()
                raise

    def statement(self, operation: str) -> AbstractContextManager[sqlite3.Connection]:
        """Give the connection for statements that each stand alone. ``operation`` goes into the error."""
        return _Statement(self._connection, self._lock, operation)

    @contextmanager
    def transaction(self, operation: str) -> Iterator[sqlite3.Connection]:
        """Give the connection for statements that take effect together, while no one else writes."""
        with self.statement(operation) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the file; any call after that raises StoreError."""
        with self._lock:
            self._connection.close()


class _Statement:
    """The connection while nobody else in this process has it; its errors are StoreErrors.

    Not a generator: every message takes twenty of these, each in half the time.
    """

    __slots__ = ("_connection", "_lock", "_operation")

    def __init__(self, connection: sqlite3.Connection, lock: threading.Lock, operation: str) -> None:
        self._connection = connection
        self._lock = lock
        self._operation = operation

    def __enter__(self) -> sqlite3.Connection:
        self._lock.acquire()
        return self._connection

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _where: TracebackType | None
    ) -> None:
        self._lock.release()
        if error is not None:
            _raise_as_store_error(self._operation, error)


class Turn:
    """A right that one connection at a time has, among all processes, and that ends with its process."""

    def __init__(self, path: str | Path) -> None:
        """``path`` is a file of its own, made where it is missing. Raises StoreError."""
        with _errors("open"):
            self._connection = sqlite3.connect(path, timeout=0, isolation_level=None)

    def take(self) -> bool:
        """Take the turn unless another has it; tell whether it was free. Raises StoreError."""
        with _errors("take"):
            try:
                self._connection.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorname == "SQLITE_BUSY":
                    return False
                raise
            return True

    def close(self) -> None:
        """Leave the turn to the next one."""
        self._connection.close()


@contextmanager
def _errors(operation: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        _raise_as_store_error(operation, error)


def _raise_as_store_error(operation: str, error: BaseException) -> None:
    """Raise StoreError for an error of SQLite's or the file system's; another is not the store's."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorname", type(error).__name__)
        raise StoreError(f"{operation}: {code}") from error
    if isinstance(error, OSError):
        raise StoreError(f"{operation}: {type(error).__name__}") from error


def _use_wal(connection: sqlite3.Connection, timeout: float) -> None:
    # SQLite does not wait for this lock by itself, and every process asks for it on its first start.
    give_up = time.monotonic() + timeout
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() >= give_up:
                raise
            time.sleep(0.005)
        else:
            return
