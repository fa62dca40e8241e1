"""The file that a call brings: from this machine's disk, as base64, from an address, or uploaded before."""

from __future__ import annotations

import base64
import binascii
import mimetypes
import re
from pathlib import Path

from wechat_mcp.fetching import MAX_BYTES, Fetched
from wechat_mcp.services import McpServices
from wechat_mcp.tooling.results import Refused

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


async def bring(
    services: McpServices, *, file_path: str, file_data: str, url: str, upload_id: str, file_name: str
) -> Fetched:
    """Return the one file that is given in one of four ways, with its name and the type of its content.

    Raises Refused; StoreError for an upload.
    """
    ways = {"file_path": file_path, "file_data": file_data, "url": url, "upload_id": upload_id}
    given = [name for name, value in ways.items() if value]
    if len(given) != 1:
        possible = [name for name in ways if name != "file_path" or services.files_allowed]
        if not given:
            raise Refused(f"没有文件。请给 {'、'.join(possible)} 中的一个。")
        raise Refused(f"{'、'.join(given)} 只能给一个。")
    if file_path:
        found = _read(services, file_path)
    elif file_data:
        found = _decode(file_data)
    elif url:
        found = await services.fetch(url)
    else:
        found = _uploaded(services, upload_id)
    name = file_name or found.filename or "file"
    return Fetched(name, found.data, kind(found.data, name, found.content_type))


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


def _read(services: McpServices, file_path: str) -> Fetched:
    if not services.files_allowed:
        raise Refused(
            "服务器不在你的电脑上，读不到 file_path。请改用：url（公开地址）、file_data（base64，3 MB 以内"
            "），"
            '大文件先用 wechat_temporary_media(action="upload_url") 拿到上传地址。'
        )
    path = Path(file_path.removeprefix("file://")).expanduser()
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Refused(f"文件超过 {MAX_BYTES >> 20} MB，微信收不下，请压缩后再试。")
        return Fetched(path.name, path.read_bytes(), "")
    except OSError as error:
        raise Refused(f"读不到文件 {file_path}：{error.strerror or type(error).__name__}。") from None


def _decode(file_data: str) -> Fetched:
    prefix = _DATA_URL.match(file_data)
    text = "".join(file_data[prefix.end() if prefix else 0 :].split())
    try:
        data = base64.b64decode(
            text + "=" * (-len(text) % 4), altchars=b"-_" if {"-", "_"} & set(text) else None, validate=True
        )
    except (binascii.Error, ValueError):
        raise Refused("file_data 不是 base64。请把文件的内容（不是路径）编码成 base64 再传。") from None
    return Fetched("", data, prefix[1] if prefix else "")


def _uploaded(services: McpServices, upload_id: str) -> Fetched:
    if services.upload_urls is None:
        raise Refused("这里没有上传地址这种方式，请改用 url 或 file_data。")
    found = services.upload_urls.take(upload_id)
    if found is None:
        raise Refused("没有找到 upload_id 对应的文件：还没有传上去，或者已经过期，请重新要一个上传地址。")
    return Fetched(*found)
