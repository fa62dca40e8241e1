"""Where pictures come from: ``data:`` URLs, the Web, and files beside the article."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from wechat_mcp.images import ImageError
from wechat_mcp.targets import MAX_SOURCE_BYTES
from wechat_oa.fetch import FetchError, fetch

_WEB = re.compile(r"https?://", re.IGNORECASE)
_DATA = re.compile(r"data:([\w/+.-]*)((?:;[\w=.-]+)*),(.*)\Z", re.DOTALL | re.IGNORECASE)

Load = Callable[[str], Awaitable[bytes]]
"""Given a picture's source, returns its bytes. Raises ImageError."""


def loader(root: Path | None = None, *, download: Load | None = None) -> Load:
    """Return what finds pictures: ``data:`` URLs, http(s) addresses, and files below a ``root``.

    Files are looked for nowhere else, also through links and ``..``: whoever writes the article may not be
    the one whose machine it is.
    """

    async def load(source: str) -> bytes:
        if source.lower().startswith("data:"):
            return _from_data_url(source)
        if _WEB.match(source):
            return await (download or _download)(source)
        if root is None:
            raise ImageError("这里读不到你电脑上的文件：请换成 http(s) 网址或 data: 地址。")
        return await asyncio.to_thread(_from_file, source, root)

    return load


async def _download(url: str) -> bytes:
    try:
        return (await fetch(url, max_bytes=MAX_SOURCE_BYTES, accept="image/*,*/*;q=0.5")).data
    except FetchError as error:
        raise ImageError(str(error)) from error


def _from_data_url(source: str) -> bytes:
    found = _DATA.match(source)
    if not found:
        raise ImageError("data: 地址不完整：应当像 data:image/png;base64,…… 这样。")
    if len(found[3]) > MAX_SOURCE_BYTES * 4 // 3 + 4:
        raise ImageError(f"图片超过 {MAX_SOURCE_BYTES >> 20} MB：请先压缩。")
    if ";base64" not in found[2].lower():
        return unquote_to_bytes(found[3])
    try:
        return base64.b64decode(re.sub(r"\s+", "", unquote(found[3])), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImageError("data: 地址里的 base64 不完整：请重新生成。") from error


def _from_file(source: str, root: Path) -> bytes:
    if source.lower().startswith("file:"):
        source = unquote(urlsplit(source).path)
    root = root.resolve()
    for name in dict.fromkeys((source, unquote(source), source.replace("\\", "/"))):
        try:
            path = (root / name).resolve()
            if not path.is_file():
                continue
            if not path.is_relative_to(root):
                raise ImageError("图片不在文章所在的文件夹里，出于安全不能读取：请放到文章旁边。")
            with path.open("rb") as file:
                content = file.read(MAX_SOURCE_BYTES + 1)
        except (OSError, ValueError) as error:
            if isinstance(error, ImageError):
                raise
            raise ImageError(f"图片读不出来（{type(error).__name__}）：请检查路径和权限。") from error
        if len(content) > MAX_SOURCE_BYTES:
            raise ImageError(f"图片超过 {MAX_SOURCE_BYTES >> 20} MB：请先压缩。")
        return content
    raise ImageError("找不到这个文件：路径要从文章所在的文件夹写起。")
