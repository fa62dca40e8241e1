"""A process of the account's: ``python -m tests.support.api_process TABLE API APP_ID APP_SECRET``.

It makes a draft for every line that it reads, and prints the draft's media_id, or what went wrong.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from wechat_oa.api import draft
from wechat_oa.api.client import make_client, make_http_client
from wechat_oa.api.errors import WeChatError
from wechat_oa.store.local_table import SqliteTable


async def _work(path: str, api: str, app_id: str, app_secret: str) -> None:
    table = SqliteTable(Path(path))
    async with make_http_client() as http:
        client = make_client(http, table, app_id=app_id, app_secret=app_secret, base_url=api)
        print("ready", flush=True)  # noqa: T201
        while cover := (await asyncio.to_thread(sys.stdin.readline)).strip():
            try:
                added = await draft.add(
                    client, [{"title": "标题", "content": "<p>正文</p>", "thumb_media_id": cover}]
                )
            except WeChatError as error:
                print(f"error {error}", flush=True)  # noqa: T201
            else:
                print(added.media_id, flush=True)  # noqa: T201
    table.close()


if __name__ == "__main__":
    asyncio.run(_work(*sys.argv[1:5]))
