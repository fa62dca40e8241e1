"""The Lambda in the network with the fixed address: it fetches access tokens, and nothing else.

Whoever finds no token worth using in the table calls it (``wechat_oa.aws_token``) and waits.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import wechat_oa.cold_start
from wechat_oa.api.errors import WeChatError
from wechat_oa.api.token import AccessTokens
from wechat_oa.api.transport import make_http_client, plain_post
from wechat_oa.aws import Aws
from wechat_oa.aws_token import tell

_aws = Aws(os.environ)
_table = _aws.table()
_post = plain_post(make_http_client(), _aws.settings.official_api_url)
# One event loop for every call: the connection to WeChat lives on in it.
_runner = asyncio.Runner()
wechat_oa.cold_start.started()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Put a token of ``app_id`` into the table that is not ``refused``; return {}, or WeChat's refusal."""
    return _runner.run(_fetch(event["app_id"], event["app_secret"], event.get("refused", "")))


async def _fetch(app_id: str, app_secret: str, refused: str) -> dict[str, Any]:
    # Anew for every call: what counts is the table, and not what this process remembers of it.
    tokens = AccessTokens(_table, app_id, app_secret, _post)
    try:
        await (tokens.renew(refused) if refused else tokens.get())
    except WeChatError as error:
        return tell(error)
    return {}
