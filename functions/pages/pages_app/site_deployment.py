"""Putting the site's files into its bucket, and taking them out again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pages_app.site_files import cache_control, content_type, site_files

_PER_DELETE = 1000  # S3's limit


class OutOfTimeError(Exception):
    """There is no time left to finish: what is there stays, and the next deployment goes on."""


def copy_site(
    client: Any,
    bucket: str,
    folders: Mapping[str, Path],
    configs: Mapping[str, Mapping[str, str]],
    out_of_time: Callable[[], bool] = lambda: False,
) -> int:
    """Make the bucket hold the folders' files, each below its prefix, and the configurations; tell how many.

    ``configs`` are JSON files by key, which stand in for files of the same name. Whatever else the bucket
    holds is removed, last: who is reading the site meanwhile finds all of it. Raises OutOfTimeError, and
    botocore's errors.
    """
    keys = set()

    def put(key: str, path: Path, data: bytes) -> None:
        if out_of_time():
            raise OutOfTimeError("not all files could be copied in time")
        keys.add(key)
        client.put_object(
            Bucket=bucket,
            Key=key,
            Body=data,
            ContentType=content_type(path),
            CacheControl=cache_control(path),
        )

    for key, config in configs.items():
        put(key, Path(key), json.dumps(config, indent=1, sort_keys=True).encode())
    for prefix, folder in folders.items():
        # The page itself comes last: whoever gets the new one gets the new files that it names.
        for path in sorted(site_files(folder), key=lambda path: path.suffix == ".html"):
            key = f"{prefix}{path.as_posix()}"
            if key not in configs:
                put(key, path, (folder / path).read_bytes())
    _delete(client, bucket, (key for key in _keys(client, bucket) if key not in keys), out_of_time)
    return len(keys)


def empty(client: Any, bucket: str, out_of_time: Callable[[], bool] = lambda: False) -> None:
    """Remove everything from the bucket; one that is gone already is empty.

    Raises OutOfTimeError, and botocore's errors.
    """
    try:
        _delete(client, bucket, _keys(client, bucket), out_of_time)
    except client.exceptions.NoSuchBucket:
        return


def _keys(client: Any, bucket: str) -> Iterator[str]:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        yield from (found["Key"] for found in page.get("Contents", ()))


def _delete(client: Any, bucket: str, keys: Iterator[str], out_of_time: Callable[[], bool]) -> None:
    wanted = list(keys)
    for first in range(0, len(wanted), _PER_DELETE):
        if out_of_time():
            raise OutOfTimeError("not all files could be removed in time")
        objects = [{"Key": key} for key in wanted[first : first + _PER_DELETE]]
        done = client.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
        if done.get("Errors"):
            raise RuntimeError(f"S3 kept {len(done['Errors'])} files: {done['Errors'][0].get('Code')}")
