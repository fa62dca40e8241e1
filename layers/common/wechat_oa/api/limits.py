"""WeChat's limits, checked before anything is sent: the owner reads which one it is, and by how much.

Where WeChat's documentation contradicts itself, what is past the lower number is sent with a warning, and
what is past the higher one is not sent. Every check returns its warnings: sentences in Chinese, mostly none.
"""

from __future__ import annotations

from collections.abc import Collection


class LimitError(ValueError):
    """What was to be sent breaks a rule of WeChat's; nothing was sent. ``str()`` says which, in Chinese."""


def require(condition: object, reason: str) -> None:
    """Raise LimitError with the reason, a Chinese sentence, unless the condition is true."""
    if not condition:
        raise LimitError(reason)


def characters(what: str, text: str, most: int, *, safe: int | None = None) -> list[str]:
    """Check a text's length in characters: at most ``most``, and a warning when it is above ``safe``."""
    return _at_most(what, len(text), most, safe, "个字")


def utf8_bytes(what: str, text: str, most: int, *, least: int = 0) -> list[str]:
    """Check a text's length in UTF-8 bytes."""
    size = len(text.encode("utf-8", "replace"))
    require(size >= least, f"{_named(what)}不能为空")
    return _at_most(what, size, most, None, "个字节（一个汉字 3 个字节）")


def items(what: str, given: Collection[object], most: int, *, least: int = 1) -> list[str]:
    """Check how many there are."""
    reason = f"至少要有 {least} 个" if least > 1 else "不能为空"
    require(len(given) >= least, _named(what) + reason)
    return _at_most(what, len(given), most, None, "个")


def between(what: str, number: int, least: int, most: int) -> None:
    """Check a number."""
    require(least <= number <= most, f"{_named(what)}要在 {least} 到 {most} 之间，现在是 {number}")


def file_size(what: str, size: int, most: int, *, safe: int | None = None) -> list[str]:
    """Check a file's size in bytes: not empty, at most ``most``."""
    require(size > 0, f"{what}是空文件")
    require(size <= most, f"{what}有 {_readable(size)}，微信最多收 {_readable(most)}：请压缩后再传")
    if safe is not None and size > safe:
        return [f"{what}有 {_readable(size)}，超过了 {_readable(safe)}：微信的文档说法不一，可能会拒收"]
    return []


def _at_most(what: str, length: int, most: int, safe: int | None, unit: str) -> list[str]:
    require(length <= most, f"{_named(what)}最多 {most} {unit}，现在有 {length}")
    if safe is not None and length > safe:
        return [f"{_named(what)}有 {length} {unit}，超过了 {safe}：微信的文档说法不一，可能会拒收"]
    return []


def _readable(size: int) -> str:
    if size < 1 << 10:
        return f"{size} 字节"
    return f"{size / (1 << 10):.4g} KB" if size < 1 << 20 else f"{size / (1 << 20):.3g} MB"


def _named(what: str) -> str:
    """Latin letters and Chinese stand apart."""
    return f"{what} " if what[-1:].isascii() else what
