"""A table in a file of its own, at a time that the test decides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clock import Clock
from wechat_oa.store.local_table import SqliteTable


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(tmp_path: Path, clock: Clock) -> Iterator[SqliteTable]:
    table = SqliteTable(tmp_path / "table.db", clock)
    yield table
    table.close()
