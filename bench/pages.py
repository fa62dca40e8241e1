"""The list of hosted pages: fifty of a hundred, and fifty of ten thousand, wherever in the list they are."""

from __future__ import annotations

import tempfile
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path

from bench.numbers import percentile, ratio, spread
from bench.report import Table, Target
from wechat_oa.pages import PER_LIST, Pages
from wechat_oa.store.blobs import Blob
from wechat_oa.store.local_table import SqliteTable

_FEW, _MANY = 100, 10_000
_ROUNDS = 40
_SLOWER = 1.5
_HTML = "<title>第 {} 页</title><p>" + "今天讲一讲怎么泡好一壶茶。" * 20


class _Nowhere:
    """Blobs that keep nothing: a list reads none."""

    def get(self, key: str) -> Blob | None:
        return None

    def put(self, key: str, data: bytes, *, content_type: str, cache_control: str = "") -> None: ...

    def delete(self, key: str) -> None: ...


def measure() -> Table:
    """List stretches of both, side by side in each round."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(SqliteTable(Path(folder) / "few.db")) as few_table,
        closing(SqliteTable(Path(folder) / "many.db")) as many_table,
    ):
        few, many = _filled(few_table, _FEW), _filled(many_table, _MANY)
        cursors, listed = _cursors(many)
        places = {
            f"{PER_LIST} of {_FEW}": (few, ""),
            f"the first {PER_LIST} of {_MANY:,}": (many, ""),
            f"in the middle of {_MANY:,}": (many, cursors[len(cursors) // 2]),
            f"the last {PER_LIST} of {_MANY:,}": (many, cursors[-1]),
        }
        times: dict[str, list[float]] = {place: [] for place in places}
        for _ in range(_ROUNDS):
            for place, (pages, cursor) in places.items():
                began = time.perf_counter()
                found = pages.list(cursor=cursor)
                times[place].append((time.perf_counter() - began) * 1000)
                assert len(found.pages) == PER_LIST
    small = times[f"{PER_LIST} of {_FEW}"]
    ratios = {place: ratio(measured, small) for place, measured in times.items()}
    slowest = max(ratios.values())
    return Table(
        "网页列表 · The list of pages",
        ("stretch", "median ms", "middle half ms", "against the small list"),
        [
            (place, f"{percentile(t, 50):.2f}", spread(t, 2), f"{ratios[place]:.2f} ×")
            for place, t in times.items()
        ],
        f"{_MANY:,} pages are listed newest first in {listed // PER_LIST} stretches of {PER_LIST} (SQLite);"
        f" the slowest takes {slowest:.2f} × what it takes of a list of {_FEW}.",
        [
            Target(f"every one of {_MANY:,} pages is listed once", listed == _MANY),
            Target(f"no stretch takes more than {_SLOWER:g} × one of a list of {_FEW}", slowest <= _SLOWER),
        ],
    )


def _filled(table: SqliteTable, count: int) -> Pages:
    pages = Pages(table, _Nowhere(), base_url="https://pages.example.com")
    for number in range(count):
        pages.generate(_HTML.format(number), f"page-{number}")
    return pages


def _cursors(pages: Pages) -> tuple[list[str], int]:
    """Go through the whole list; return the cursors and how many pages there are in order, each once."""
    cursors, names, cursor = [], [], ""
    created: list[int] = []
    while True:
        stretch = pages.list(cursor=cursor)
        names += [page.name for page in stretch.pages]
        created += [page.created for page in stretch.pages]
        if not stretch.next:
            break
        cursor = stretch.next
        cursors.append(cursor)
    in_order = all(newer >= older for newer, older in pairwise(created))
    return cursors, len(set(names)) if in_order else 0
