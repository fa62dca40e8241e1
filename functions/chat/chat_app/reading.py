"""An answer of the account, whole, for whoever has its link: streaming on while it is being written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from starlette.requests import Request

from chat_app.errors import Refusal
from chat_app.services import ChatServices
from chat_app.stream import DONE, EventStream, event, piece_event
from wechat_oa.answers import Answer
from wechat_oa.store.table import StoreError

POLL_SECONDS = 0.4
MOST_SECONDS = 180.0
"""How long one request follows an answer that is being written."""


def read_answer(services: ChatServices, request: Request) -> EventStream:
    """Return the stream of the answer behind a link (``id``): its question, then its text as it comes.

    Whoever has the link may read it, with or without a code.

    Raises Refusal for a link that leads nowhere (any more), StoreError.
    """
    answer = services.answers.behind(request.query_params.get("id", ""))
    if answer is None:
        raise Refusal(404, "not_found", "这个回答已经过期，或者链接不完整。请在公众号里再问一次。")
    return EventStream(_events(services, answer))


async def _events(services: ChatServices, answer: Answer) -> AsyncGenerator[bytes]:
    yield event({"success": True, "question": answer.question})
    sent = ""
    current: Answer | None = answer
    for _ in range(int(MOST_SECONDS / POLL_SECONDS)):
        if current is None:
            break
        if not current.text.startswith(sent):
            # Its writer died, and what nobody had been shown in the account was written anew.
            yield event({"success": False, "error": "这个回答重新写了，请再打开一次。", "code": "rewritten"})
            yield DONE
            return
        if len(current.text) > len(sent):
            piece, sent = current.text[len(sent) :], current.text
            yield piece_event(piece)
        if current.finished or current.stale(services.clock()):
            break
        await asyncio.sleep(POLL_SECONDS)
        try:
            current = services.answers.get(answer.key)
        except StoreError:
            continue
    if current is None or not current.finished:
        yield event({"success": False, "error": "回答中断了，请在公众号里再问一次。", "code": "broken"})
    yield DONE
