"""Addresses that large files are sent to directly: presigned form POSTs to a bucket, which bound the size."""

from __future__ import annotations

import re
import secrets
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from wechat_mcp.services import MAX_FILE_BYTES
from wechat_oa.store.table import StoreError

EXPIRES = 600
"""Seconds for which an address works. What was sent is removed by the bucket after a day."""
_PREFIX = "uploads/"
_ID = re.compile(r"[A-Za-z0-9_-]{32}/[A-Za-z0-9._-]{1,100}")
_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}", re.ASCII)


class S3UploadUrls:
    """Uploads into one bucket, each under a name that cannot be guessed."""

    def __init__(self, client: Any, bucket: str) -> None:
        """``client`` is botocore's for S3."""
        self._client = client
        self._bucket = bucket

    def create(self, filename: str, content_type: str) -> dict[str, Any]:
        """See UploadUrls."""
        name = re.sub(r"[^A-Za-z0-9._-]+", "_", filename).strip(".")[-100:] or "file"
        upload_id = f"{secrets.token_urlsafe(24)}/{name}"
        kind = content_type if _TYPE.fullmatch(content_type) else "application/octet-stream"
        try:
            made = self._client.generate_presigned_post(
                self._bucket,
                _PREFIX + upload_id,
                Fields={"Content-Type": kind},
                Conditions=[{"Content-Type": kind}, ["content-length-range", 1, MAX_FILE_BYTES]],
                ExpiresIn=EXPIRES,
            )
        except (BotoCoreError, ClientError) as error:
            raise StoreError(f"PresignPost: {type(error).__name__}") from error
        return {"upload_id": upload_id, "url": made["url"], "fields": made["fields"], "expires_in": EXPIRES}

    def take(self, upload_id: str) -> tuple[str, bytes, str] | None:
        """See UploadUrls. What is taken stays until the bucket removes it, so that a call may be repeated."""
        if not _ID.fullmatch(upload_id):
            return None
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=_PREFIX + upload_id)
            data = answer["Body"].read(MAX_FILE_BYTES + 1)
        except ClientError as error:
            # Without the right to list, a missing object is a forbidden one.
            if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404", "AccessDenied", "403"):
                return None
            raise StoreError(f"GetObject: {error.response.get('Error', {}).get('Code')}") from error
        except (BotoCoreError, OSError) as error:
            raise StoreError(f"GetObject: {type(error).__name__}") from error
        return upload_id.partition("/")[2], data, str(answer.get("ContentType", ""))
