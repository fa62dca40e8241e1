"""Markdown → an article: ours and wenyan-core's for the same file, and what share of a draft it is."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from PIL import Image

from bench.numbers import ratio, spread
from bench.processes import ROOT
from bench.report import Table, Target
from scripts.theme_gallery import SAMPLE
from tests.unit.article.draft_box import DraftBox
from wechat_mcp.article import Article, render
from wechat_mcp.article.drafting import Drafts
from wechat_oa.store.local_table import SqliteTable

_ROUNDS, _WARM_UP = 21, 5
_TARGET = 10.0
_FOLDER = ROOT / ".cache" / "wenyan"
_PACKAGES = ("@wenyan-md/core@3.0.10", "jsdom@27.4.0", "form-data-encoder@4.1.0", "formdata-node@6.0.3")
_INSTALL_SECONDS = 300

Theirs = Callable[[], tuple[float, int]]
"""Renders once; returns milliseconds and characters."""


def measure() -> Table:
    """Measure both side by side in each round; without Node or its packages, ours alone, and say so."""
    text = SAMPLE.read_text("utf-8")
    rows: list[tuple[str, ...]] = []
    targets: list[Target] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "article.md"
        path.write_text(text, "utf-8")
        with _wenyan(path) as theirs:
            ours_ms, theirs_ms, sizes = _times(text, theirs)
            drafts_ms = [_draft(text, Path(folder) / f"{number}.db") for number in range(_ROUNDS)]
    rows.append(("ours", f"{median(ours_ms):.1f}", spread(ours_ms, 1), str(sizes[0]), "1.0"))
    if theirs_ms:
        times = ratio(theirs_ms, ours_ms)
        rows.append(
            ("wenyan-core", f"{median(theirs_ms):.1f}", spread(theirs_ms, 1), str(sizes[1]), f"{times:.1f}")
        )
        targets.append(Target(f"at least {_TARGET:g} × wenyan-core: {times:.1f}", times >= _TARGET))
    share = median(rendered / whole for rendered, whole in drafts_ms)
    whole_ms = [whole for _, whole in drafts_ms]
    rows.append(("a whole draft, five pictures", f"{median(whole_ms):.1f}", spread(whole_ms, 1), "", ""))
    missing = "" if theirs_ms else " wenyan-core could not be had (it needs Node 20 and npm)."
    return Table(
        "An article rendered",
        ("", "ms", "middle half", "characters of HTML", "× ours"),
        rows,
        f"The sample of the gallery ({len(text)} characters: text, lists, a table, code, maths), both warm,"
        f" in turn. The render is {share:.0%} of our own time in a `draft` call with five new pictures of"
        f" 1600 × 1200 pixels and a cover, with an account that answers at once.{missing}",
        targets,
    )


def _times(text: str, theirs: Theirs | None) -> tuple[list[float], list[float], tuple[int, int]]:
    ours_ms, theirs_ms = [], []
    size = other_size = 0
    for number in range(_ROUNDS + _WARM_UP):
        began = time.perf_counter()
        size = len(render(text).html)
        took = (time.perf_counter() - began) * 1000
        other = 0.0
        if theirs is not None:
            other, other_size = theirs()
        if number >= _WARM_UP:
            ours_ms.append(took)
            theirs_ms += [other] if theirs is not None else []
    return ours_ms, theirs_ms, (size, other_size)


def _draft(text: str, path: Path) -> tuple[float, float]:
    """Milliseconds of the render, and of all of a draft call, with nothing in the table yet."""
    pictures = "\n\n".join(f"![]({number}.png)" for number in range(5))
    sources = {f"{number}.png": _picture(number) for number in range(5)}

    async def load(source: str) -> bytes:
        return sources.get(source) or _picture(len(source))

    drafts = Drafts(DraftBox(time.time), SqliteTable(path), "wx1", load)
    text = text.replace("(morning.jpg", "(0.png").replace("(archive.jpg", "(1.png") + pictures
    began = time.perf_counter()
    article: Article = render(text)
    rendered = time.perf_counter() - began
    asyncio.run(drafts.save(article))
    return rendered * 1000, (time.perf_counter() - began) * 1000


def _picture(number: int) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((1600, 1200)).rotate(number * 7).save(out, "JPEG")
    return out.getvalue()


@contextmanager
def _wenyan(path: Path) -> Iterator[Theirs | None]:
    """Run wenyan-core on a file, if Node and its packages can be had."""
    node = shutil.which("node")
    if node is None or not _installed():
        yield None
        return
    script = shutil.copy(Path(__file__).with_name("wenyan.mjs"), _FOLDER)
    with subprocess.Popen(
        [node, script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_FOLDER
    ) as process:

        def once() -> tuple[float, int]:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            return float(answer["milliseconds"]), int(answer["characters"])

        try:
            yield once
        finally:
            process.kill()


def _installed() -> bool:
    npm = shutil.which("npm")
    if (_FOLDER / "node_modules" / "@wenyan-md").is_dir():
        return True
    if npm is None:
        return False
    _FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--prefix", str(_FOLDER), *_PACKAGES],
            check=True,
            capture_output=True,
            timeout=_INSTALL_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return True
