"""Diagrams drawn by a program or a server that may be slow, wrong, endless or not there."""

from __future__ import annotations

import asyncio
import io
import stat
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from PIL import Image

from wechat_mcp.diagrams import (
    _OFFLINE,
    MAX_BYTES,
    MAX_CHARACTERS,
    MOST,
    DiagramError,
    Diagrams,
    Kroki,
    Mmdc,
    renderer_of,
)
from wechat_oa.settings import Settings


def png(width: int = 40) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, 10), "white").save(out, "PNG")
    return out.getvalue()


def kroki(answer: Callable[[httpx.Request], httpx.Response]) -> Kroki:
    return Kroki("http://kroki.example:8000", httpx.MockTransport(answer))


def mmdc(folder: Path, program: str, **environment: str) -> Mmdc:
    """A program in mmdc's place."""
    path = folder / "mmdc"
    path.write_text(f"#!{sys.executable}\nimport os, sys, time\n{textwrap.dedent(program)}", "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return Mmdc(str(path), environment)


class Painter:
    """A renderer that counts, and paints what it is told."""

    name, languages, scale = "painter", ("mermaid",), 2

    def __init__(self, paint: Callable[[str], bytes] = lambda _: png()) -> None:
        self.drawn: list[str] = []
        self._paint = paint

    async def draw(self, language: str, code: str) -> bytes:
        self.drawn.append(code)
        await asyncio.sleep(0)
        return self._paint(code)


async def test_a_kroki_server_is_sent_the_code_and_gives_the_picture() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=png())

    assert await kroki(answer).draw("plantuml", "甲 -> 乙") == png()
    (request,) = asked
    assert (request.method, str(request.url)) == ("POST", "http://kroki.example:8000/plantuml/png")
    assert request.content.decode() == "甲 -> 乙"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (httpx.Response(400, text="Error 400: Syntax error\nmore"), "Error 400: Syntax error"),
        (httpx.Response(502), "kroki.example 回答 HTTP 502"),
        (httpx.Response(302, headers={"location": "http://10.0.0.1/"}), "kroki.example 回答 HTTP 302"),
    ],
)
async def test_what_a_server_complains_of_is_told(answer: httpx.Response, told: str) -> None:
    with pytest.raises(DiagramError) as failed:
        await kroki(lambda _: answer).draw("mermaid", "x")

    assert str(failed.value) == told


async def test_a_server_that_is_not_there_is_told() -> None:
    def down(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(DiagramError, match=r"连不上 kroki\.example（ConnectError）"):
        await kroki(down).draw("mermaid", "x")


async def test_mmdc_is_given_the_code_and_what_a_browser_needs_and_no_secret(tmp_path: Path) -> None:
    program = """
        open(os.environ["HOME"], "w").write(repr((sys.argv[1:], sys.stdin.read(), sorted(os.environ))))
        os.write(1, bytes.fromhex("89504e470d0a1a0a"))
    """
    told = tmp_path / "told"
    renderer = mmdc(tmp_path, program, HOME=str(told), WECHAT_APP_SECRET="s", PUPPETEER_EXECUTABLE_PATH="/c")

    assert (await renderer.draw("mermaid", "graph TD; 甲")).startswith(b"\x89PNG")
    arguments, code, names = eval(told.read_text("utf-8"))  # noqa: S307
    assert code == "graph TD; 甲"
    assert arguments[:6] == ["-i", "-", "-o", "-", "-e", "png"]
    assert arguments[-2:] == ["-p", str(_OFFLINE)]
    assert {"HOME", "PUPPETEER_EXECUTABLE_PATH"} <= set(names)
    assert "WECHAT_APP_SECRET" not in names


async def test_what_mmdc_complains_of_is_told(tmp_path: Path) -> None:
    program = """
        sys.stderr.write("\\nError: Parse error on line 2:\\n...graph\\n    at somewhere\\n")
        sys.exit(1)
    """
    with pytest.raises(DiagramError) as failed:
        await mmdc(tmp_path, program).draw("mermaid", "x" * 100_000)

    assert str(failed.value) == "Parse error on line 2:"


@pytest.mark.parametrize("stream", [1, 2])
async def test_a_program_that_never_stops_talking_is_ended(tmp_path: Path, stream: int) -> None:
    diagrams = Diagrams(mmdc(tmp_path, f"while True: os.write({stream}, b'x' * 65536)"))

    found = await diagrams.drawn([("mermaid", "x")])

    assert found["mermaid", "x"].problem


async def test_a_program_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    program = f"""
        pid = os.fork()
        if pid: open({str(tmp_path / "child")!r}, "w").write(str(pid))
        time.sleep(600)
    """
    found = await Diagrams(mmdc(tmp_path, program), seconds=2).drawn([("mermaid", "x")])

    assert "2 秒内没有画完" in found["mermaid", "x"].problem
    child = Path("/proc") / (tmp_path / "child").read_text("utf-8")
    for _ in range(500):
        if not child.exists() or "\nState:\tZ" in (child / "status").read_text("utf-8"):
            break
        await asyncio.sleep(0.01)
    else:
        pytest.fail("the child is still there")


async def test_a_picture_is_ready_for_wechat_and_as_wide_as_its_letters_want() -> None:
    found = await Diagrams(Painter(lambda _: png(640))).drawn([("mermaid", "a")])

    drawing = found["mermaid", "a"]
    assert drawing.source.startswith("data:image/png;base64,")
    assert (drawing.width, drawing.renderer, drawing.problem) == (320, "painter", "")


async def test_the_same_diagram_is_drawn_once() -> None:
    painter = Painter()
    diagrams = Diagrams(painter)

    first = await diagrams.drawn([("mermaid", "a"), ("mermaid", "a"), ("mermaid", "b")])
    second = await diagrams.drawn([("mermaid", "a")])

    assert painter.drawn == ["a", "b"]
    assert second["mermaid", "a"] == first["mermaid", "a"]


async def test_what_a_renderer_does_not_know_is_not_asked_of_it() -> None:
    assert await Diagrams(Painter()).drawn([("plantuml", "a")]) == {}


@pytest.mark.parametrize(
    ("paint", "told"),
    [
        (lambda _: b"<html>", "给的不是 PNG 图片"),
        (lambda _: png()[:40], "不是能识别的图片"),
        (lambda _: png() + b"x" * MAX_BYTES, "超过 5 MB"),
    ],
)
async def test_what_is_no_picture_for_an_article_is_told(paint: Callable[[str], bytes], told: str) -> None:
    found = await Diagrams(Painter(paint)).drawn([("mermaid", "a")])

    assert told in found["mermaid", "a"].problem
    assert found["mermaid", "a"].source == ""


async def test_there_are_bounds() -> None:
    painter = Painter()
    found = await Diagrams(painter).drawn([("mermaid", str(number)) for number in range(MOST + 1)])
    long = await Diagrams(painter).drawn([("mermaid", "x" * (MAX_CHARACTERS + 1))])

    assert len(painter.drawn) == MOST
    assert [each.problem for each in found.values() if each.problem] == [f"一篇文章最多画 {MOST} 张"]
    assert [bool(each.problem) for each in long.values()] == [True]


def test_the_owners_server_goes_before_mmdc_and_nothing_is_sent_anywhere_by_itself(tmp_path: Path) -> None:
    mmdc(tmp_path, "")

    assert renderer_of(Settings()) is None
    assert renderer_of(Settings(), {"PATH": "/nowhere"}) is None
    assert isinstance(renderer_of(Settings(), {"PATH": str(tmp_path)}), Mmdc)
    named = renderer_of(Settings(mcp_diagram_url="https://kroki.example"), {"PATH": str(tmp_path)})
    assert isinstance(named, Kroki)
    assert named.name == "kroki.example"
