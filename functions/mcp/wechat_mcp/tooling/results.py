"""What an action answers: a sentence for whoever reads, and the same as data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mcp_types import ContentBlock, TextContent

OUTPUT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "action": {"type": "string", "description": "执行的动作"},
        "summary": {"type": "string", "description": "一句话的结果"},
    },
    "required": ["action", "summary"],
    "additionalProperties": True,
}
_LONGEST_TEXT = 60_000


class Refused(Exception):  # noqa: N818  (an answer to the caller, not a fault)
    """The call cannot be done as it was made. The text says why in Chinese, and what to do instead."""


@dataclass(frozen=True)
class Result:
    """The outcome of an action."""

    summary: str
    """In Chinese, for a person."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """JSON, with the platform's own names."""
    blocks: Sequence[ContentBlock] = ()
    """Pictures and files to show beside the text."""

    def content(self) -> list[ContentBlock]:
        """Return the text, with the data below it for models that read nothing else, and the blocks."""
        text = self.summary
        if self.data:
            text += "\n\n" + json.dumps(self.data, ensure_ascii=False, indent=1, default=str)
        if len(text) > _LONGEST_TEXT:
            text = text[:_LONGEST_TEXT] + "\n……（太长，后面的在 structuredContent 里）"
        return [TextContent(type="text", text=text), *self.blocks]

    def structured(self, action: str) -> dict[str, Any]:
        """Return the data with the action and the summary beside it."""
        return {**self.data, "action": action, "summary": self.summary}


def masked(secret: str) -> str:
    """Return a secret as it may be shown: its first and last characters, and never half of it."""
    if len(secret) < 12:
        return "***" if secret else ""
    return f"{secret[:4]}***{secret[-2:]}"
