"""Hosted pages: an object in the blobs, and what is known about it in the table, never one without the other.

A name's record (``pages``, ``<name>``) says under which key the page is listed; the list
(``pages#page``, ``<time-ordered id>``) holds what is known about it, and what is not listed is no page. That
something is about to change is noted first (``pages#unfinished``, ``<name>``), and the note is removed last.
It keeps two changes of one name apart, and whoever meets a note that was left behind brings the parts
together again: an object that was never listed goes, a listed one is described anew from what it holds.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from wechat_oa.identifiers import time_ordered_id
from wechat_oa.page_content import About, about
from wechat_oa.page_headers import PAGE_CACHE
from wechat_oa.page_names import (
    PageError,
    PageNameError,
    content_type_of,
    file_name,
    hosted_name,
    page_name,
    random_page_name,
    url_path,
)
from wechat_oa.page_types import (
    Kind,
    NameTakenError,
    NoSuchPageError,
    Page,
    PageBusyError,
    PageContentError,
    PageList,
)
from wechat_oa.store.blobs import Blob, Blobs
from wechat_oa.store.table import Item, StoreError, Table

log = logging.getLogger(__name__)

DEFAULT_MAX_BYTES = 2_000_000
PER_LIST = 50
"""Pages in one answer of a list."""
STALE_SECONDS = 60.0
"""No request runs for so long: a change that began before that will not be finished by who began it."""

_RECORDS = "pages"
_UNFINISHED = "pages#unfinished"
_VISITS = "pages#visits"
_REPAIRS_PER_LIST = 5
_RANDOM_TRIES = 5


class Pages:
    """The hosted pages of one account."""

    def __init__(
        self,
        table: Table,
        blobs: Blobs,
        *,
        base_url: str = "",
        max_bytes: int = DEFAULT_MAX_BYTES,
        changed: Callable[[str], None] = lambda path: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Keep pages in ``blobs`` and what is known about them in ``table``.

        ``base_url`` is where they are served, without a slash at its end; ``changed`` is told the path
        (``/name.html``, percent-encoded) whose old content a cache may still hold; ``clock`` gives epoch
        seconds.
        """
        self._table = table
        self._blobs = blobs
        self._base_url = base_url.rstrip("/")
        self.max_bytes = max_bytes
        self._changed = changed
        self._clock = clock

    def generate(self, html: str | bytes, name: str = "", *, overwrite: bool = False) -> Page:
        """Host a page and return it. Without a name it gets a random one.

        Raises PageContentError, PageNameError, NameTakenError (unless ``overwrite``), PageBusyError: then
        nothing has changed. After a StoreError there is no half page: a new one is not there, and of one that
        was to be overwritten there is the old content or the new.
        """
        data = _text(html) if isinstance(html, bytes) else html.encode("utf-8", "replace")
        self._bounded(data)
        if name.strip():
            return self._write(page_name(name), data, overwrite=overwrite)
        for _ in range(_RANDOM_TRIES):
            with suppress(NameTakenError, PageBusyError):
                return self._write(random_page_name(), data, overwrite=False)
        raise NameTakenError("随机的名字都被用了，请自己取一个名字")

    def add_file(self, data: bytes, name: str, *, overwrite: bool = False) -> Page:
        """Host a file that is no page (a verification .txt, an image, css, js) and return it.

        Raises as ``generate``; a text file must be UTF-8.
        """
        name = file_name(name)
        self._bounded(data)
        if "charset=utf-8" in content_type_of(name):
            data = _text(data)
        return self._write(name, data, overwrite=overwrite)

    def list(self, *, cursor: str = "", limit: int = PER_LIST, kind: Kind = "page") -> PageList:
        """Return a stretch of the list, newest first: ``limit`` (1 to 50) pages from ``cursor`` on.

        Raises StoreError.
        """
        limit = min(max(limit, 1), PER_LIST)
        if not cursor:
            self._repair_some()
        items = self._table.query(_listing(kind), after=cursor[:100], limit=limit + 1, newest_first=True)
        shown = items[:limit]
        return PageList([self._page(item) for item in shown], shown[-1]["sk"] if len(items) > limit else "")

    def info(self, name: str) -> Page:
        """Return what is known about a page. Raises NoSuchPageError, PageNameError, StoreError."""
        name = hosted_name(name)
        item = self._known(name)
        if item is None:
            raise _missing(name)
        visits = self._table.get(_VISITS, name)
        return self._page(item, visits["count"] if visits else None)

    def read(self, name: str) -> Blob:
        """Return a page's content. Raises NoSuchPageError, PageNameError, StoreError."""
        name = hosted_name(name)
        # What is not listed is no page, whatever a change that broke off has left.
        blob = self._blobs.get(name) if self._known(name) else None
        if blob is None:
            raise _missing(name)
        return blob

    def delete(self, name: str) -> None:
        """Remove a page. Raises NoSuchPageError, PageNameError, PageBusyError, StoreError.

        After a StoreError the page is either there or gone, whole; asking again is safe.
        """
        name = hosted_name(name)
        if self._table.get(_RECORDS, name) is None and self._table.get(_UNFINISHED, name) is None:
            raise _missing(name)
        with self._change(name):
            self._remove(name)
        self._tell(name)

    def count_visit(self, name: str) -> None:
        """Note that somebody opened a page (a whole name). Raises StoreError."""
        self._table.update(_VISITS, name, add={"count": 1})

    def url(self, name: str) -> str:
        """Return the address of a page, by its whole name."""
        return f"{self._base_url}/{url_path(name)}"

    # ---- Changes ---------------------------------------------------------------------------------------

    def _write(self, name: str, data: bytes, *, overwrite: bool) -> Page:
        if self._known(name) and not overwrite:
            raise _taken(name)
        with self._change(name) as now:
            # Looked at again: until the change was noted, another one could come in between.
            known = self._known(name)
            if known and not overwrite:
                raise _taken(name)
            content_type = content_type_of(name)
            self._blobs.put(name, data, content_type=content_type, cache_control=PAGE_CACHE)
            item = self._describe(name, data, now, known)
        if known:
            self._tell(name)
        return self._page(item)

    def _describe(self, name: str, data: bytes, now: float, known: Item | None) -> Item:
        """Write what is known about a page. The last write is what makes a new page one."""
        # One instant for both: else two pages of one millisecond may be listed against their times.
        listed_as, seconds = known["sk"] if known else time_ordered_id(now), int(now)
        title, description = about(data.decode("utf-8", "replace")) if _is_page(name) else About(name, "")
        item = {
            "pk": _listing(_kind(name)),
            "sk": listed_as,
            "name": name,
            "title": title,
            "description": description,
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "created": known["created"] if known else seconds,
            "updated": seconds,
        }
        if not known:
            self._table.put({"pk": _RECORDS, "sk": name, "listed_as": listed_as})
        self._table.put(item)
        return item

    def _remove(self, name: str) -> None:
        """Remove all there is of a page: first what the world sees, last what the rest is found by."""
        self._blobs.delete(name)
        record = self._table.get(_RECORDS, name)
        if record:
            self._table.delete(_listing(_kind(name)), record["listed_as"])
        self._table.delete(_VISITS, name)
        self._table.delete(_RECORDS, name)

    @contextmanager
    def _change(self, name: str) -> Iterator[float]:
        """Note that ``name`` changes, and give the time of it; put things right if that fails."""
        now, token = self._clock(), secrets.token_hex(8)
        note = {"pk": _UNFINISHED, "sk": name, "token": token, "since": now}
        try:
            noted = self._table.put(note, unless_exists=True)
            if not noted:
                self._take_over(name)
                noted = self._table.put(note, unless_exists=True)
        except StoreError:
            self._let_go(name, token)
            raise
        if not noted:
            raise _busy()
        try:
            yield now
        except BaseException:
            with suppress(StoreError):
                self._put_right(name, token)
            raise
        try:
            self._table.delete(_UNFINISHED, name)
        except StoreError:
            self._let_go(name, token)

    def _let_go(self, name: str, token: str) -> None:
        """Let the next one who meets this change's note put things right at once, without waiting."""
        with suppress(StoreError):
            self._table.update(_UNFINISHED, name, set={"since": 0}, if_equals={"token": token})

    def _take_over(self, name: str) -> None:
        """Put right what a change of ``name`` left behind. Raises PageBusyError when it may be running."""
        note = self._table.get(_UNFINISHED, name)
        if note is None:
            return
        if self._clock() - note["since"] < STALE_SECONDS:
            raise _busy()
        token = secrets.token_hex(8)
        mine = {"token": token, "since": self._clock()}
        try:
            taken = self._table.update(_UNFINISHED, name, set=mine, if_equals={"token": note["token"]})
        except StoreError:
            self._let_go(name, token)
            raise
        if taken is None:
            raise _busy()
        self._put_right(name, token)

    def _put_right(self, name: str, token: str) -> None:
        """Bring object, record and list together again, as far as the change came. Raises StoreError."""
        try:
            blob, known = self._blobs.get(name), self._known(name)
            if blob is None or known is None:
                self._remove(name)
            elif known["sha256"] != hashlib.sha256(blob.data).hexdigest():
                self._describe(name, blob.data, self._clock(), known)
            self._table.delete(_UNFINISHED, name)
        except StoreError as error:
            log.warning("a page's change broke off and is put right later: %s", error)
            self._let_go(name, token)
            raise
        self._tell(name)

    def _repair_some(self) -> None:
        """Put right what earlier changes left behind, a few at a time."""
        for note in self._table.query(_UNFINISHED, limit=_REPAIRS_PER_LIST):
            with suppress(StoreError, PageBusyError):
                self._take_over(note["sk"])

    def _tell(self, name: str) -> None:
        self._changed(f"/{url_path(name)}")

    # ---- Reading ---------------------------------------------------------------------------------------

    def _known(self, name: str) -> Item | None:
        record = self._table.get(_RECORDS, name)
        return self._table.get(_listing(_kind(name)), record["listed_as"]) if record else None

    def _page(self, item: Item, visits: int | None = None) -> Page:
        values: dict[str, Any] = {
            key: item[key] for key in ("name", "title", "description", "size", "sha256", "created", "updated")
        }
        name = item["name"]
        return Page(url=self.url(name), content_type=content_type_of(name), visits=visits, **values)

    def _bounded(self, data: bytes) -> None:
        if not data.strip():
            raise PageContentError("内容是空的")
        if len(data) > self.max_bytes:
            raise PageContentError(
                f"内容太大了：{len(data) / 1e6:.1f} MB，最多 {self.max_bytes / 1e6:g} MB。"
                "图片可以单独上传，在网页里用它的地址"
            )


def _text(data: bytes) -> bytes:
    """Return text as UTF-8 without the mark that some editors put first. Raises PageContentError."""
    try:
        return data.decode("utf-8-sig").encode()
    except UnicodeDecodeError:
        raise PageContentError("内容不是 UTF-8 编码：请在编辑器里另存为 UTF-8 再上传") from None


def _kind(name: str) -> Kind:
    return "page" if _is_page(name) else "file"


def _is_page(name: str) -> bool:
    return name.endswith(".html")


def _listing(kind: Kind) -> str:
    return f"pages#{kind}"


def _missing(name: str) -> NoSuchPageError:
    return NoSuchPageError(f"没有叫 {name} 的网页")


def _taken(name: str) -> NameTakenError:
    return NameTakenError(f"已经有一个叫 {name} 的网页了：换一个名字，或者选择覆盖（overwrite）")


def _busy() -> PageBusyError:
    return PageBusyError("这个网页正在被修改，请过一分钟再试")


__all__ = [
    "DEFAULT_MAX_BYTES",
    "PER_LIST",
    "Kind",
    "NameTakenError",
    "NoSuchPageError",
    "Page",
    "PageBusyError",
    "PageContentError",
    "PageError",
    "PageList",
    "PageNameError",
    "Pages",
]
