"""Blobs in S3: what that backend promises besides the contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, Any, cast

import pytest
from botocore.config import Config
from botocore.response import StreamingBody
from botocore.stub import Stubber

from tests.contract.backends import aws_client
from wechat_oa.store.aws_blobs import S3Blobs
from wechat_oa.store.blobs import Blobs
from wechat_oa.store.table import StoreError

HTML = "text/html; charset=utf-8"


def test_s3_is_told_the_key_under_its_prefix_the_content_type_and_how_long_to_cache(
    s3: Any, bucket: str
) -> None:
    S3Blobs(s3, bucket, prefix="pages/").put("a.html", b"1", content_type=HTML, cache_control="max-age=60")
    S3Blobs(s3, bucket, prefix="pages/").put("b.html", b"1", content_type=HTML)

    cached = s3.head_object(Bucket=bucket, Key="pages/a.html")
    assert (cached["ContentType"], cached["CacheControl"]) == (HTML, "max-age=60")
    assert "CacheControl" not in s3.head_object(Bucket=bucket, Key="pages/b.html")


def calls(blobs: Blobs) -> list[Callable[[], object]]:
    return [
        lambda: blobs.get("a"),
        lambda: blobs.put("a", b"secret", content_type="text/plain"),
        lambda: blobs.delete("a"),
    ]


OPERATIONS = ["GetObject", "PutObject", "DeleteObject"]
METHODS = ["get_object", "put_object", "delete_object"]


@pytest.mark.parametrize("call", range(3), ids=lambda number: OPERATIONS[number])
@pytest.mark.parametrize("code", ["AccessDenied", "SlowDown", "InternalError", "NoSuchBucket"])
def test_what_s3_refuses_is_a_store_error_a_refusal_that_may_mean_missing_too(call: int, code: str) -> None:
    client = aws_client("s3")
    with Stubber(client) as stubber:
        stubber.add_client_error(METHODS[call], code, "a")

        with pytest.raises(StoreError, match=f"^{OPERATIONS[call]}: {code}$"):
            calls(S3Blobs(client, "bucket"))[call]()


@pytest.mark.parametrize("call", range(3), ids=lambda number: OPERATIONS[number])
def test_an_s3_that_cannot_be_reached_is_a_store_error(call: int) -> None:
    client = aws_client(
        "s3",
        endpoint_url="http://127.0.0.1:9",
        config=Config(connect_timeout=0.2, read_timeout=0.2, retries={"total_max_attempts": 1}),
    )

    with pytest.raises(StoreError, match=f"^{OPERATIONS[call]}: EndpointConnectionError$"):
        calls(S3Blobs(client, "bucket"))[call]()


def test_a_blob_whose_bytes_break_off_is_a_store_error() -> None:
    class Broken:
        def read(self, *_: object) -> bytes:
            return b"half"

        def close(self) -> None: ...

    client = aws_client("s3")
    with Stubber(client) as stubber:
        body = StreamingBody(cast(IO[bytes], Broken()), content_length=8)
        stubber.add_response("get_object", {"Body": body, "ContentType": "text/plain"})

        with pytest.raises(StoreError, match=r"^GetObject: IncompleteReadError$"):
            S3Blobs(client, "bucket").get("a")
