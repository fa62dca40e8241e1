"""The hosted pages of a deployment: DynamoDB, S3 and CloudFront."""

from __future__ import annotations

from typing import Any

from botocore.config import Config

from wechat_oa.pages import Pages
from wechat_oa.settings import Settings
from wechat_oa.store.aws_blobs import S3Blobs
from wechat_oa.store.aws_cdn import invalidating
from wechat_oa.store.table import Table

_CONFIG = Config(connect_timeout=1, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})


def aws_pages(session: Any, settings: Settings, table: Table, *, base_url: str = "") -> Pages:
    """Return a deployment's pages; ``base_url`` is where they are served where no ``PAGES_URL`` is set."""
    changed: dict[str, Any] = {}
    if settings.pages_distribution:
        client = session.create_client("cloudfront", config=_CONFIG)
        changed["changed"] = invalidating(client, settings.pages_distribution)
    return Pages(
        table,
        S3Blobs(session.create_client("s3", config=_CONFIG), settings.pages_bucket),
        base_url=settings.pages_url or base_url,
        max_bytes=settings.pages_max_bytes,
        **changed,
    )
