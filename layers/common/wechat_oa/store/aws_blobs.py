"""Blobs in an S3 bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from .aws_errors import aws_errors, error_code
from .blob_key import checked_key
from .blobs import Blob

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Blobs:
    """Blobs (see the protocol) over an S3 client that is handed in."""

    def __init__(self, client: S3Client, bucket: str, prefix: str = "") -> None:
        """``prefix`` goes before every key as it is (give it its ``/``)."""
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def get(self, key: str) -> Blob | None:
        """See Blobs. A refusal (403) is a StoreError, though S3 may mean by it that nothing is there."""
        with aws_errors("GetObject"):
            try:
                response = self._client.get_object(Bucket=self._bucket, Key=self._key(key))
                return Blob(data=response["Body"].read(), content_type=response["ContentType"])
            except ClientError as error:
                if error_code(error) == "NoSuchKey":
                    return None
                raise

    def put(self, key: str, data: bytes, *, content_type: str, cache_control: str = "") -> None:
        """See Blobs. ``cache_control`` is what S3 and a CDN before it answer with."""
        caching: dict[str, Any] = {"CacheControl": cache_control} if cache_control else {}
        with aws_errors("PutObject"):
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._key(key),
                Body=data,
                ContentType=content_type,
                **caching,
            )

    def delete(self, key: str) -> None:
        """See Blobs."""
        with aws_errors("DeleteObject"):
            self._client.delete_object(Bucket=self._bucket, Key=self._key(key))

    def _key(self, key: str) -> str:
        return self._prefix + checked_key(key)
