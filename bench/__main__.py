"""``python -m bench``: measure everything and write docs/performance.md; with names, only print those."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping

from bench import (
    article,
    callback_in_process,
    callback_over_http,
    chat,
    cold_start,
    envelope,
    followers,
    imports,
    ladder,
    mcp_server,
    pages,
)
from bench.processes import ROOT
from bench.report import Table, document

MEASURES: Mapping[str, tuple[Callable[[], Table], ...]] = {
    "callback": (callback_in_process.measure, callback_over_http.measure),
    "envelope": (envelope.measure,),
    "cold_start": (cold_start.measure, imports.measure),
    "ladder": (ladder.measure,),
    "followers": (followers.measure,),
    "chat": (chat.measure,),
    "article": (article.measure,),
    "mcp_server": (mcp_server.measure,),
    "pages": (pages.measure,),
}


def main() -> None:
    """Measure what the arguments name. No number makes it fail: the document says which targets are met."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"one of {', '.join(MEASURES)}; default: all"
    )
    names = parser.parse_args().names
    if unknown := set(names) - MEASURES.keys():
        parser.error(f"no such measure: {', '.join(sorted(unknown))}")
    if sys.platform != "linux":
        parser.error("memory and processor time are read from /proc, which only Linux has")
    load, began = os.getloadavg()[0], time.perf_counter()
    tables = []
    for name in names or MEASURES:
        for measure in MEASURES[name]:
            tables.append(measure())
            print(tables[-1].markdown(), flush=True)
    if not names:
        path = ROOT / "docs" / "performance.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(document(tables, load, time.perf_counter() - began), "utf-8")
        print(f"written: {path}")


if __name__ == "__main__":
    main()
