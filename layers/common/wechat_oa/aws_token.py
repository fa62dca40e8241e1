"""Fetching access tokens in a function of its own: the one that calls from the address on the whitelist.

The account travels in the call, so that one which is only being tried (``wechat_auth`` configure) goes the
same way. The token comes back through the table alone.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from wechat_oa.api.errors import WeChatError, WeChatUnavailable
from wechat_oa.api.token import TOKEN_PATH

FUNCTION_SECONDS = 20
"""How long the function may run: longer than another process's fetch is waited for."""
CONFIG = Config(connect_timeout=1, read_timeout=FUNCTION_SECONDS + 2, retries={"total_max_attempts": 1})
"""For the client that calls it. A second attempt would not fit into the time of whoever asks."""


class TokenFunction:
    """Calls the function and waits for it."""

    def __init__(self, make_client: Callable[[], Any], name: str) -> None:
        """``make_client`` returns botocore's client for Lambda; most processes never need it."""
        self._make_client = make_client
        self._name = name
        self._client: Any = None

    async def __call__(self, app_id: str, app_secret: str, refused: str) -> None:
        """Have a token of the account put into the table that is not ``refused``.

        Raises WeChatError as fetching it here would, WeChatUnavailable also where there is no such function.
        """
        event = {"app_id": app_id, "app_secret": app_secret, "refused": refused}
        try:
            answer = await asyncio.to_thread(self._call, json.dumps(event).encode())
        except (BotoCoreError, ClientError, ValueError) as error:
            reason = f"取 access_token 的函数没有回答：{type(error).__name__}"
            raise WeChatUnavailable(TOKEN_PATH, reason) from error
        if found := told(answer):
            raise found

    def _call(self, payload: bytes) -> Mapping[str, Any]:
        self._client = self._client or self._make_client()
        called = self._client.invoke(FunctionName=self._name, Payload=payload)
        if called.get("FunctionError"):
            # What it says is in its log: it would hold the paths of files here.
            return tell(WeChatUnavailable(TOKEN_PATH, "取 access_token 的函数出错，原因在它的日志里"))
        answer: dict[str, Any] = json.loads(called["Payload"].read())
        return answer


def tell(error: WeChatError) -> dict[str, Any]:
    """Return an error as the function answers it."""
    reason = {"reason": error.reason} if isinstance(error, WeChatUnavailable) else {}
    return {"error": {"errcode": error.errcode, "errmsg": error.errmsg, "rid": error.rid, **reason}}


def told(answer: Mapping[str, Any]) -> WeChatError | None:
    """Return the error that an answer of the function tells of, if it does."""
    error = answer.get("error")
    if not error:
        return None
    errcode, errmsg, rid = error["errcode"], error["errmsg"], error["rid"]
    if "reason" in error:
        return WeChatUnavailable(TOKEN_PATH, error["reason"], errcode=errcode, errmsg=errmsg, rid=rid)
    return WeChatError(errcode, errmsg, TOKEN_PATH, rid=rid)
