"""What a hosted page or file may be called, and what its name says that it is."""

from __future__ import annotations

import re
import secrets
import unicodedata
from urllib.parse import quote

LONGEST = 50
"""Characters of a name, without its ending."""

CONTENT_TYPES = {
    "html": "text/html; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "xml": "application/xml; charset=utf-8",
    "svg": "image/svg+xml; charset=utf-8",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "ico": "image/x-icon",
    "woff2": "font/woff2",
    "pdf": "application/pdf",
}
"""The content type of each ending that can be hosted."""

# Unified ideographs, and the zero of years: what merely looks like one (Kangxi radicals, compatibility forms,
# full-width letters) would make two names that nobody can tell apart.
_IDEOGRAPHS = "\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002ee5d\U00030000-\U000323af"
_STEM = re.compile(rf"[A-Za-z0-9_{_IDEOGRAPHS}-]{{1,{LONGEST}}}")
_ENDING = re.compile(r"\.[A-Za-z0-9]+$")
# Devices on Windows, where somebody may keep the folder, and addresses that the site itself answers.
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
_RESERVED |= {"index", "404", "config", "favicon", "robots"}
_OURS = {"config.json", "favicon.ico", "robots.txt"}


class PageError(Exception):
    """A page cannot be made, changed or found. The text says why and what to do, in Chinese."""


class PageNameError(PageError):
    """A name that cannot be used."""


def page_name(name: str) -> str:
    """Return a page's whole name: ``menu`` and ``menu.html`` are both ``menu.html``.

    Raises PageNameError for anything but 1 to 50 letters, digits, ``-``, ``_`` and Chinese characters, and
    for names that are reserved.
    """
    stem = unicodedata.normalize("NFC", name.strip())
    if stem.lower().endswith(".html"):
        stem = stem[: -len(".html")]
    return f"{_checked(stem)}.html"


def file_name(name: str) -> str:
    """Return the whole name of a file that is no page, such as ``MP_verify_x.txt``.

    Raises PageNameError as ``page_name``, and for an ending that cannot be hosted.
    """
    stem, dot, ending = unicodedata.normalize("NFC", name.strip()).rpartition(".")
    ending = ending.lower()
    if not dot or ending == "html" or ending not in CONTENT_TYPES:
        endings = "、".join(sorted(CONTENT_TYPES.keys() - {"html"}))
        raise PageNameError(f"文件名要带扩展名，支持：{endings}")
    whole = f"{_checked(stem)}.{ending}"
    if whole.lower() in _OURS:
        raise PageNameError("这个名字是系统保留的，请换一个")
    return whole


def hosted_name(name: str) -> str:
    """Return the whole name of a page or a file; without an ending it is a page. Raises PageNameError."""
    ending = _ENDING.search(name.strip())
    return file_name(name) if ending and ending[0].lower() != ".html" else page_name(name)


def random_page_name() -> str:
    """Return a name that nobody has: 8 hexadecimal digits and ``.html``."""
    return f"{secrets.token_hex(4)}.html"


def content_type_of(name: str) -> str:
    """Return the content type that a whole name stands for."""
    return CONTENT_TYPES[name.rpartition(".")[2]]


def url_path(name: str) -> str:
    """Return a whole name as it stands in an address: percent-encoded UTF-8."""
    return quote(name, safe="")


def _checked(stem: str) -> str:
    if not stem:
        raise PageNameError("名字不能是空的")
    if len(stem) > LONGEST:
        raise PageNameError(f"名字太长了：最多 {LONGEST} 个字")
    if not _STEM.fullmatch(stem):
        raise PageNameError("名字只能用字母、数字、-、_ 和汉字（不带路径、空格和点）")
    if stem.lower() in _RESERVED:
        raise PageNameError("这个名字是系统保留的，请换一个")
    return stem
