"""Blobs in a folder: what that backend promises besides the contract."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wechat_oa.store.blobs import Blob
from wechat_oa.store.local_blobs import FolderBlobs
from wechat_oa.store.table import StoreError

HTML = "text/html; charset=utf-8"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.text(st.sampled_from("./\\ab\x00~:"), max_size=12) | st.text(max_size=12))
def test_whatever_the_key_nothing_is_written_outside_the_folder(tmp_path: Path, key: str) -> None:
    outside = tmp_path / "keys"
    blobs = FolderBlobs(outside / "blobs")

    try:
        blobs.put(key, b"1", content_type="text/plain")
    except ValueError:
        return

    assert blobs.get(key) == Blob(data=b"1", content_type="text/plain")
    assert [path.name for path in outside.iterdir()] == ["blobs"]
    assert all(path.is_file() for path in (outside / "blobs").iterdir())


def test_readers_and_writers_of_one_key_meet_whole_blobs_only(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    whole = {size: Blob(data=b"x" * size, content_type=f"text/{size}") for size in (10, 100_000, 200_000)}
    blobs.put("a", whole[10].data, content_type=whole[10].content_type)

    def write_and_read(number: int) -> Blob | None:
        blob = list(whole.values())[number % 3]
        blobs.put("a", blob.data, content_type=blob.content_type)
        return blobs.get("a")

    with ThreadPoolExecutor(8) as threads:
        for found in threads.map(write_and_read, range(40)):
            assert found in whole.values()


def test_the_folder_keeps_one_file_for_each_blob_and_nothing_unfinished(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path / "blobs")
    for _ in range(3):
        blobs.put("pages/index.html", b"<html>", content_type=HTML)
    blobs.put("logo.png", b"png", content_type="image/png")

    names = sorted(path.name.split("-", 1)[1] for path in (tmp_path / "blobs").iterdir())

    assert names == ["logo.png", "pages_index.html"]


def test_blobs_are_there_for_the_next_process(tmp_path: Path) -> None:
    FolderBlobs(tmp_path).put("a", b"1", content_type="text/plain")

    assert FolderBlobs(tmp_path).get("a") == Blob(data=b"1", content_type="text/plain")


def test_a_link_in_a_blobs_place_is_neither_followed_nor_written_through(tmp_path: Path) -> None:
    # Given a link where a blob was
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret\n" + b'{"content_type": "text/plain"}')
    blobs = FolderBlobs(tmp_path / "blobs")
    blobs.put("a", b"1", content_type="text/plain")
    (file,) = (tmp_path / "blobs").iterdir()
    file.unlink()
    file.symlink_to(secret)

    # Then it is not read
    with pytest.raises(StoreError, match=r"^GetObject: OSError$"):
        blobs.get("a")

    # And a write replaces it instead of what it leads to
    blobs.put("a", b"2", content_type="text/plain")
    assert blobs.get("a") == Blob(data=b"2", content_type="text/plain")
    assert secret.read_bytes().startswith(b"secret")


def test_a_folder_that_cannot_be_used_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("a file in the folder's place")
    blobs = FolderBlobs(tmp_path / "blobs")

    with pytest.raises(StoreError, match=r"^PutObject: "):
        blobs.put("a", b"1", content_type="text/plain")
    with pytest.raises(StoreError, match=r"^GetObject: NotADirectoryError$"):
        blobs.get("a")
    with pytest.raises(StoreError, match=r"^DeleteObject: NotADirectoryError$"):
        blobs.delete("a")


def test_a_file_that_is_not_a_blob_is_a_store_error(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    blobs.put("a", b"1", content_type="text/plain")
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"")

    with pytest.raises(StoreError, match=r"^GetObject: the file is not a blob$"):
        blobs.get("a")
