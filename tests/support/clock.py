"""A clock that a test moves."""

from __future__ import annotations


class Clock:
    """Epoch seconds that stand still until the test moves them."""

    def __init__(self, now: float = 1_763_900_000.0) -> None:
        """Begin at ``now``."""
        self.now = now

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
