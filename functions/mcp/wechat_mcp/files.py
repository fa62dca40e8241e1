"""The file that a call brings: from this machine's disk, as base64, from an address, or uploaded before."""

from __future__ import annotations

import asyncio
import base64
import binascii
import mimetypes
import re
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field

from wechat_mcp.services import MAX_FILE_BYTES, McpServices
from wechat_mcp.targets import Target
from wechat_mcp.tooling.declaring import Parameters
from wechat_mcp.tooling.results import Refused
from wechat_mcp.tools.params import FileName
from wechat_oa.fetch import FetchError, File

WAYS = ("file_path", "file_data", "url", "upload_id")
"""The parameters of which one brings a file."""

_BEGINNINGS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG", "image/png"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"#!AMR", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
)
_DATA_URL = re.compile(r"data:([\w./+-]*)(?:;[\w=.-]+)*;base64,", re.ASCII)


class Brought(NamedTuple):
    """A file as it goes to WeChat."""

    file: File
    changes: str
    """What was done to a picture, in Chinese; empty: nothing."""


class GivenFile(Parameters):
    """The parameters of a tool that takes a file."""

    file_path: Annotated[str, Field(description="本机文件的路径（只在服务器运行在你自己的电脑上时可用）")] = (
        ""
    )
    file_data: Annotated[str, Field(description="文件内容的 base64，可以带 data: 前缀；3 MB 以内")] = ""
    url: Annotated[str, Field(description="文件的公开地址，服务器会去取", max_length=2048)] = ""
    upload_id: Annotated[
        str, Field(description="upload_url 给的 upload_id：大文件传上去之后用它", max_length=256)
    ] = ""
    file_name: FileName = ""

    async def bring(self, services: McpServices, picture: Target | None = None) -> Brought:
        """Return the one file that is given in one of four ways, with its name and the type of its content.

        A ``picture`` is made into what WeChat takes there. Raises Refused; StoreError for an upload.
        """
        given = [name for name in WAYS if getattr(self, name)]
        if len(given) != 1:
            possible = [name for name in WAYS if name != "file_path" or services.files_allowed]
            if not given:
                raise Refused(f"没有文件。请给 {'、'.join(possible)} 中的一个。")
            raise Refused(f"{'、'.join(given)} 只能给一个。")
        if self.file_path:
            found = _read(services, self.file_path)
        elif self.file_data:
            found = _decode(self.file_data)
        elif self.url:
            found = await _fetch(services, self.url)
        else:
            found = _uploaded(services, self.upload_id)
        name = self.file_name or found.filename or "file"
        file = File(name, found.data, kind(found.data, name, found.content_type))
        return await _fitted(file, picture) if picture else Brought(file, "")


async def _fitted(file: File, target: Target) -> Brought:
    """A picture as the target takes it, and the ending of its name with it."""
    # Pillow takes a tenth of a second to import, and most calls need none of it.
    from wechat_mcp.images import ImageError, convert  # noqa: PLC0415

    try:
        ready = await asyncio.to_thread(convert, file.data, target)
    except ImageError as error:
        raise Refused(str(error)) from None
    name = file.filename
    if ready.changes:
        name = f"{name.rpartition('.')[0] or name or 'image'}.{ready.ending}"
    return Brought(File(name, ready.data, ready.content_type), ready.changes)


def kind(data: bytes, name: str, declared: str = "") -> str:
    """Return what a file is: by its first bytes, else as declared, else by the ending of its name."""
    if data[4:8] == b"ftyp":
        return "video/mp4"
    if data[:4] == b"RIFF" and data[8:12] in (b"WEBP", b"WAVE"):
        return "image/webp" if data[8:12] == b"WEBP" else "audio/wav"
    known = next((kind for start, kind in _BEGINNINGS if data.startswith(start)), "")
    if known:
        return known
    if declared and declared != "application/octet-stream":
        return declared
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _read(services: McpServices, file_path: str) -> File:
    if not services.files_allowed:
        raise Refused(
            "服务器不在你的电脑上，读不到 file_path。请改用：url（公开地址）、file_data（base64，3 MB 以内"
            "），"
            '大文件先用 wechat_temporary_media(action="upload_url") 拿到上传地址。'
        )
    path = Path(file_path.removeprefix("file://")).expanduser()
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise Refused(f"文件超过 {MAX_FILE_BYTES >> 20} MB，微信收不下，请压缩后再试。")
        return File(path.name, path.read_bytes(), "")
    except OSError as error:
        raise Refused(f"读不到文件 {file_path}：{error.strerror or type(error).__name__}。") from None


async def _fetch(services: McpServices, url: str) -> File:
    try:
        return await services.fetch(url, max_bytes=MAX_FILE_BYTES)
    except FetchError as error:
        raise Refused(f"url 取不到。{error}") from None


def _decode(file_data: str) -> File:
    prefix = _DATA_URL.match(file_data)
    text = "".join(file_data[prefix.end() if prefix else 0 :].split())
    try:
        data = base64.b64decode(
            text + "=" * (-len(text) % 4), altchars=b"-_" if {"-", "_"} & set(text) else None, validate=True
        )
    except (binascii.Error, ValueError):
        raise Refused("file_data 不是 base64。请把文件的内容（不是路径）编码成 base64 再传。") from None
    return File("", data, prefix[1] if prefix else "")


def _uploaded(services: McpServices, upload_id: str) -> File:
    if services.upload_urls is None:
        raise Refused("这里没有上传地址这种方式，请改用 url 或 file_data。")
    found = services.upload_urls.take(upload_id)
    if found is None:
        raise Refused("没有找到 upload_id 对应的文件：还没有传上去，或者已经过期，请重新要一个上传地址。")
    return File(*found)
