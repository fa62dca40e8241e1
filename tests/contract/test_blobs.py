"""What every Blobs promises, held against a folder and S3 (as moto plays it, and a server of its own)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wechat_oa.store.aws_blobs import S3Blobs
from wechat_oa.store.blobs import Blob, Blobs
from wechat_oa.store.local_blobs import FolderBlobs


@pytest.fixture
def folder_blobs(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "data" / "blobs")


@pytest.fixture
def s3_blobs(s3: Any, bucket: str) -> S3Blobs:
    return S3Blobs(s3, bucket)


@pytest.fixture
def s3_prefixed_blobs(s3: Any, bucket: str) -> S3Blobs:
    return S3Blobs(s3, bucket, prefix="pages/")


@pytest.fixture
def served_s3_blobs(served_s3: Any, served_bucket: str) -> S3Blobs:
    return S3Blobs(served_s3, served_bucket)


@pytest.fixture(params=["folder", "s3", "s3_prefixed", "served_s3"])
def blobs(request: pytest.FixtureRequest) -> Blobs:
    found: Blobs = request.getfixturevalue(f"{request.param}_blobs")
    return found


@pytest.fixture(params=["folder", "s3", "s3_prefixed"])
def any_key_blobs(request: pytest.FixtureRequest) -> Blobs:
    """Give the blobs that take any key, as S3 does.

    The S3 server of the tests (s3rver 3.7) keeps each object in a file of its key's name, and ends on one
    that is too long for a file's.
    """
    found: Blobs = request.getfixturevalue(f"{request.param}_blobs")
    return found


HTML = "text/html; charset=utf-8"


def test_a_blob_that_was_never_written_is_none(blobs: Blobs) -> None:
    assert blobs.get("index.html") is None


def test_a_written_blob_comes_back_with_its_content_type(blobs: Blobs) -> None:
    blobs.put("a/页 1.html", "<p>你好</p>".encode(), content_type=HTML, cache_control="max-age=60")

    assert blobs.get("a/页 1.html") == Blob(data="<p>你好</p>".encode(), content_type=HTML)


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"\x00\r\n{}\n", b'{"content_type": "x"}', bytes(range(256)) * 500]
)
def test_any_bytes_come_back_unchanged(blobs: Blobs, data: bytes) -> None:
    blobs.put("a", data, content_type="application/octet-stream")

    assert blobs.get("a") == Blob(data=data, content_type="application/octet-stream")


def test_a_second_put_replaces_bytes_and_content_type(blobs: Blobs) -> None:
    blobs.put("a.html", b"the first and longer one", content_type=HTML)
    blobs.put("a.html", b"second", content_type="text/plain")

    assert blobs.get("a.html") == Blob(data=b"second", content_type="text/plain")


def test_a_deleted_blob_is_gone_and_deleting_it_again_is_no_error(blobs: Blobs) -> None:
    blobs.put("a", b"1", content_type="text/plain")
    blobs.put("b", b"2", content_type="text/plain")

    blobs.delete("a")
    blobs.delete("a")

    assert blobs.get("a") is None
    assert blobs.get("b") is not None


def test_keys_that_a_file_system_might_mix_up_are_different_blobs(any_key_blobs: Blobs) -> None:
    blobs = any_key_blobs
    keys = ["a", "a/b", "a/b/c", "A", "a_b", "a b", "a?b", ".a", "a.", "con", "e\u0301", "é", "長" * 300]
    for key in keys:
        blobs.put(key, key.encode(), content_type="text/plain")

    for key in keys:
        assert blobs.get(key) == Blob(data=key.encode(), content_type="text/plain")


BAD_KEYS = [
    "",
    "/",
    "/etc/passwd",
    "..",
    "../a",
    "a/../b",
    "a/..",
    ".",
    "./a",
    "a//b",
    "a/",
    "a\x00b",
    "a\nb",
    "a\x7fb",
    "a\\b",
    "..\\a",
    "a\ud800",
    "页" * 342,
]


@pytest.mark.parametrize("key", BAD_KEYS, ids=ascii)
def test_keys_that_could_escape_or_confuse_are_refused(blobs: Blobs, key: str) -> None:
    with pytest.raises(ValueError, match="a blob's key"):
        blobs.get(key)
    with pytest.raises(ValueError, match="a blob's key"):
        blobs.put(key, b"", content_type="text/plain")
    with pytest.raises(ValueError, match="a blob's key"):
        blobs.delete(key)
