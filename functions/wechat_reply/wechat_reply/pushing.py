"""Customer-service messages: the rest of an answer, sent when WeChat's attempts are over.

"Customer service messages": 5 within 48 hours of a follower's message, 3 within a minute of an event. When
WeChat refuses, the rest stays unread and waits for 继续.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from functools import partial

import httpx

from wechat_oa.answers import Part
from wechat_oa.api import media, message
from wechat_oa.api.client import WeChatClient, make_client
from wechat_oa.api.errors import WeChatError
from wechat_oa.api.transport import make_http_client
from wechat_reply.rendering import message_cut, part_text
from wechat_reply.services import Services
from wechat_reply.writing import patiently

log = logging.getLogger(__name__)

AFTER_REPLY_SECONDS = 1.0
"""A push waits until the reply before it must have reached the follower, so that parts come in order."""

_NO_PERMISSION = frozenset({48001, 48004, 50002})
_WINDOW_CLOSED = frozenset({45015, 45047})


class AccountMessenger:
    """The account's own voice, through WeChat's API."""

    def __init__(self, services: Services, client: WeChatClient) -> None:
        """Nothing is sent yet."""
        self._services = services
        self._client = client

    async def typing(self, openid: str) -> None:
        """Show 对方正在输入… for up to 15 seconds. Failures are only logged."""
        try:
            await message.typing(self._client, openid)
        except WeChatError as error:
            log.info("typing not shown: %s", error)

    async def voice(self, media_id: str) -> bytes | None:
        """Return a voice message that a follower sent, or None when it cannot be had."""
        try:
            download = await media.get_temporary(self._client, media_id)
        except WeChatError as error:
            log.warning("voice not downloaded: %s", error)
            return None
        return download.content

    async def push(self, key: str) -> bool:
        """Send what is unshown of a finished answer, message by message, as far as WeChat allows.

        Return whether nothing is left. Raises StoreError.
        """
        services = self._services
        answer = await patiently(partial(services.answers.get, key))
        if answer is None:
            return False
        await asyncio.sleep(max(0.0, answer.shown_at + AFTER_REPLY_SECONDS - services.clock()))
        prompt = services.settings.timeout_prompt.replace("{link}", services.link(key))
        cut = message_cut(prompt, services.settings.ai_len_limit)
        while True:
            delivery = f"push#{secrets.token_hex(4)}"
            part = await patiently(partial(services.answers.hand_over, key, delivery, cut, unfinished=False))
            if part is None or part.start == part.end:
                return part is not None and part.last
            sent = False
            try:
                sent = await self._send_part(part, prompt)
            finally:
                # Whatever came between: what was not sent is still to be read. Rather twice than never.
                if not sent:
                    await patiently(partial(services.answers.take_back, part, delivery))
            if part.last or not sent:
                return sent

    async def _send_part(self, part: Part, prompt: str) -> bool:
        openid = part.answer.openid
        allowed = await patiently(partial(self._services.quota.take_message, openid))
        if not allowed:
            return False
        # The prompt to write 继续 stands only where nothing more can be sent by itself.
        text = part_text(part, prompt if allowed == 1 else "")
        return not text or await self._send(openid, text)

    async def _send(self, openid: str, text: str) -> bool:
        try:
            await message.send_text(self._client, openid, text)
        except WeChatError as error:
            log.warning("push not sent: %s", error)
            if error.errcode in _NO_PERMISSION:
                await patiently(self._services.push_refused)
            elif error.errcode in _WINDOW_CLOSED:
                await patiently(partial(self._services.quota.close_window, openid))
            return False
        return True


def account_messenger(services: Services, http: httpx.AsyncClient | None = None) -> AccountMessenger:
    """Return the messenger of the account in the settings, over ``http`` or a client of its own."""
    settings = services.settings
    client = make_client(
        http or make_http_client(),
        services.table,
        app_id=settings.app_id,
        app_secret=settings.app_secret,
        base_url=settings.official_api_url,
        token_proxy="" if http else settings.token_proxy,
        ask=services.ask_for_token,
    )
    return AccountMessenger(services, client)
