"""What the reply path works with, made once in a process and handed in everywhere."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from wechat_oa.access_codes import AccessCodes
from wechat_oa.answers import Answers
from wechat_oa.callback.envelope import Credentials
from wechat_oa.conversations import Conversations
from wechat_oa.quota import Quota
from wechat_oa.runtime_config import RuntimeConfig
from wechat_oa.settings import AiSettings, Settings
from wechat_oa.store.queue import Queue
from wechat_oa.store.table import Table

if TYPE_CHECKING:
    from wechat_oa.api.token import Ask

_PUSH = "customer_message"


class Services:
    """The settings, the stores, and what is built on them."""

    def __init__(
        self,
        settings: Settings,
        table: Table,
        queue: Queue,
        clock: Callable[[], float] = time.time,
        *,
        ask_for_token: Ask | None = None,
    ) -> None:
        """Build on ``table`` and ``queue``; nothing is read or written yet.

        ``clock`` gives epoch seconds, ``ask_for_token`` fetches access tokens where this process does not.
        """
        self.settings = settings
        self.table = table
        self.queue = queue
        self.clock = clock
        self.ask_for_token = ask_for_token
        self.credentials = Credentials(
            token=settings.wechat_token,
            app_id=settings.app_id,
            encoding_aes_key=settings.encoding_aes_key,
            encoding_aes_key_previous=settings.encoding_aes_key_previous,
        )
        self.config = RuntimeConfig(table, clock)
        self.answers = Answers(table, clock)
        self.conversations = Conversations(table, clock)
        self.quota = Quota(table, clock)
        self.codes = AccessCodes(table, settings.code_valid_days, clock)

    @property
    def ai(self) -> AiSettings:
        """How to reach the model now."""
        return self.config.ai("wechat", self.settings.wechat)

    def link(self, key: str) -> str:
        """Return the address under which ``answers.publish`` can make an answer readable; "" without a page.

        The same for every attempt, and not to be guessed without WECHAT_TOKEN.
        """
        return f"{self.settings.chat_url}?answer={self.link_id(key)}" if self.settings.chat_url else ""

    def link_id(self, key: str) -> str:
        """Return the part of ``link`` that stands for the answer."""
        token = self.settings.wechat_token.encode()
        return hmac.new(token, f"link {key}".encode(), hashlib.sha256).hexdigest()[:32]

    @property
    def may_push(self) -> bool:
        """Whether to count on customer-service messages: the owner says so, and WeChat has not refused."""
        if not self.settings.customer_message:
            return False
        refused_until: int = self.config.document(_PUSH).get("refused_until", 0)
        return self.clock() >= refused_until

    def push_refused(self) -> None:
        """Note that the account may not send customer-service messages; it is tried again in a day."""
        self.config.save(_PUSH, {"refused_until": int(self.clock()) + 24 * 3600})
