"""How a model fails."""

from __future__ import annotations

from typing import Literal

Failure = Literal["busy", "unreachable", "timeout", "refused", "misconfigured", "empty", "too_long", "broken"]


def is_fault(failure: str) -> bool:
    """Whether a failure ("" for none) is the model's own: that the owner's limit on an answer's length was
    reached is not."""
    return failure not in ("", "too_long")


class ModelError(Exception):
    """The model gave no answer, or broke off. ``failure`` says in which way; the text is for the log."""

    def __init__(self, failure: Failure, detail: str) -> None:
        super().__init__(f"{failure}: {detail}")
        self.failure: Failure = failure


class RefusedError(ModelError):
    """The service answered with an HTTP status that is an error."""

    def __init__(self, failure: Failure, detail: str, status: int, about: str) -> None:
        """``about`` is what the service says of it. It may quote the question: it is not for the log."""
        super().__init__(failure, detail)
        self.status = status
        self.about = about
