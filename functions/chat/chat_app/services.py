"""What the chat works with, made once in a process and handed in everywhere."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any, Protocol

from wechat_oa.access_codes import AccessCodes
from wechat_oa.answers import Answers
from wechat_oa.owner import OwnerPassword
from wechat_oa.quota import Quota
from wechat_oa.runtime_config import RuntimeConfig
from wechat_oa.settings import AiSettings, Settings
from wechat_oa.store.table import Table
from wechat_oa.tries import Tries


class ChatModel(Protocol):
    """What is needed of a model."""

    def answer(
        self, messages: Sequence[Mapping[str, Any]], *, seconds: float | None = None
    ) -> AsyncGenerator[str]:
        """Yield the answer piece by piece. Raises ModelError."""
        ...


class ChatServices:
    """The settings, the table, the models, and what is built on them."""

    def __init__(
        self,
        settings: Settings,
        table: Table,
        model: Callable[[AiSettings], ChatModel],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Nothing is read or written yet. ``clock`` gives epoch seconds."""
        self.settings = settings
        self.table = table
        self.model = model
        self.clock = clock
        self.config = RuntimeConfig(table, clock)
        self.quota = Quota(table, clock)
        self.answers = Answers(table, clock)
        self.codes = AccessCodes(table, settings.code_valid_days, clock)
        self.code_tries = Tries(table, "code", clock)
        self.password = OwnerPassword(table, settings.config_password, clock)
        self._secret = b""

    @property
    def ai(self) -> AiSettings:
        """How to reach the model now."""
        return self.config.ai("chat", self.settings.chat)

    @property
    def secret(self) -> bytes:
        """The key that signs cookies: made once, kept in the table, the same in every process.

        Raises StoreError.
        """
        if not self._secret:
            item = {"pk": "config", "sk": "signing_key", "key": secrets.token_hex(32)}
            if not self.table.put(item, unless_exists=True):
                item = self.table.get("config", "signing_key") or item
            self._secret = bytes.fromhex(item["key"])
        return self._secret
