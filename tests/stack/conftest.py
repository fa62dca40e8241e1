from __future__ import annotations

import pytest

from tests.stack.expand import Stack


@pytest.fixture(scope="session")
def stack() -> Stack:
    """Return the stack as it is deployed when nothing is chosen."""
    return Stack()
