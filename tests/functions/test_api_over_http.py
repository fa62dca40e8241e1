"""``python -m local`` without a WECHAT_APP_ID: the account's client on the platform that it serves."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx

from local.platform.state import PLATFORM_PATH
from tests.support.account import running
from tests.support.wechat import PNG
from wechat_oa.api import draft, material, media, publish
from wechat_oa.api.client import WeChatClient, make_client, make_http_client
from wechat_oa.store.local_table import SqliteTable


async def _published(client: WeChatClient) -> publish.PublishStatus:
    cover = await material.add(client, "image", PNG, filename="封面.png", content_type="image/png")
    image = await media.upload_article_image(client, PNG, filename="a.png", content_type="image/png")
    added = await draft.add(
        client,
        [{"title": "标题", "content": f'<img src="{image.url}">', "thumb_media_id": cover.media_id}],
    )
    job = await publish.submit(client, added.media_id)
    for _ in range(500):
        status = await publish.get(client, job.publish_id)
        if status["publish_status"] != publish.PUBLISHING:
            break
        await asyncio.sleep(0.02)
    return status


async def test_an_article_is_published_and_read_before_and_after_a_restart(tmp_path: Path) -> None:
    settings = {"WECHAT_OA_DATA_DIR": str(tmp_path), "WECHAT_OA_DEMO_SECONDS": "0"}
    # The platform forgets everything on a restart, its tokens too, which the table still has.
    for _ in range(2):
        async with running(settings) as server, make_http_client(httpx.AsyncHTTPTransport()) as http:
            base = f"http://127.0.0.1:{server.port}"
            await http.post(f"{base}/simulator/api/settings", json={"job_seconds": 0})
            account = json.loads((tmp_path / "local-account.json").read_bytes())
            table = SqliteTable(tmp_path / "table.db")
            client = make_client(
                http,
                table,
                app_id=account["app_id"],
                app_secret=account["app_secret"],
                base_url=base + PLATFORM_PATH,
            )

            status = await _published(client)

            (item,) = status["article_detail"]["item"]
            page = await http.get(item["article_url"])
            picture = page.text.partition('<img src="')[2].partition('"')[0]
            assert (await http.get(picture)).content == PNG
            table.close()
