"""What is sent to the model: the owner's instructions, the recent turns, the question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

MAX_HISTORY_TURNS = 10
MAX_HISTORY_CHARACTERS = 8_000


class Turn(TypedDict):
    """One question and its answer."""

    question: str
    answer: str


def build_messages(
    prompt: str, turns: Sequence[Turn], question: str, *, image_url: str = ""
) -> list[dict[str, Any]]:
    """Return chat-completion messages: ``prompt`` as the system's, the latest ``turns``, the question.

    The oldest turns are left out once there are more than 10, or more than 8000 characters, of them. With
    ``image_url`` the question carries the image.
    """
    messages: list[dict[str, Any]] = [{"role": "system", "content": prompt}] if prompt else []
    for turn in _latest(turns):
        messages.append({"role": "user", "content": turn["question"]})
        messages.append({"role": "assistant", "content": turn["answer"]})
    content: Any = question
    if image_url:
        content = [
            {"type": "text", "text": question},
            {"type": "image_url", "image_url": {"url": image_url}},
        ]
    messages.append({"role": "user", "content": content})
    return messages


def _latest(turns: Sequence[Turn]) -> list[Turn]:
    kept: list[Turn] = []
    budget = MAX_HISTORY_CHARACTERS
    for turn in reversed(turns[-MAX_HISTORY_TURNS:]):
        budget -= len(turn["question"]) + len(turn["answer"])
        if budget < 0:
            break
        kept.append(turn)
    return kept[::-1]
