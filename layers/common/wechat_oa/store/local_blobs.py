"""Blobs in a folder: one file each."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .blob_key import checked_key
from .blobs import Blob
from .table import StoreError


class FolderBlobs:
    """Blobs (see the protocol) in a folder.

    A file is named by the digest of its key and what of the key is harmless in a file name: any key fits,
    none can leave the folder, and ``a`` and ``a/b``, or ``A`` and ``a``, are two blobs on every file system.
    The blob's bytes come first in it and its content type stands on a line after them, so that the two
    change together.
    """

    def __init__(self, folder: str | Path) -> None:
        """The folder is made with the first blob."""
        self._folder = Path(folder)

    def get(self, key: str) -> Blob | None:
        """See Blobs."""
        path = self._path(key)
        with _errors("GetObject"):
            try:
                with open(path, "rb", opener=_without_links) as file:
                    data, _, about = file.read().rpartition(b"\n")
                return Blob(data=data, content_type=json.loads(about)["content_type"])
            except FileNotFoundError:
                return None

    def put(self, key: str, data: bytes, *, content_type: str, cache_control: str = "") -> None:
        """See Blobs. ``cache_control`` says nothing here: whoever serves the folder decides."""
        path = self._path(key)
        about = json.dumps({"key": key, "content_type": content_type}).encode()
        with _errors("PutObject"):
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor, unfinished = tempfile.mkstemp(prefix=".unfinished-", dir=self._folder)
            try:
                with open(descriptor, "wb") as file:
                    file.write(data + b"\n" + about)
                    file.flush()
                    os.fsync(file.fileno())
                Path(unfinished).replace(path)
            except BaseException:
                with suppress(FileNotFoundError):
                    Path(unfinished).unlink()
                raise

    def delete(self, key: str) -> None:
        """See Blobs."""
        path = self._path(key)
        with _errors("DeleteObject"):
            path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        digest = hashlib.sha256(checked_key(key).encode()).hexdigest()
        return self._folder / f"{digest[:40]}-{re.sub(r'[^A-Za-z0-9._-]', '_', key)[-80:]}"


def _without_links(path: str, flags: int) -> int:
    # A link put in a blob's place is an error, not a way out of the folder. (Windows has no such flag.)
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0))


@contextmanager
def _errors(operation: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"{operation}: {type(error).__name__}") from error
    except (ValueError, KeyError) as error:
        raise StoreError(f"{operation}: the file is not a blob") from error
