"""The queue: jobs that outlive the request, in order within a group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Queue(Protocol):
    """A first-in-first-out queue. Within one group, a job starts only when the one before it has ended."""

    def send(self, body: Mapping[str, Any], *, group: str, deduplication_id: str) -> None:
        """Put a job (JSON values) at the end of its group.

        A second job with the same ``deduplication_id`` within five minutes is accepted and dropped, so
        sending again after a doubtful failure is safe. ``group`` and ``deduplication_id`` may be any
        text. Raises StoreError.
        """
        ...
