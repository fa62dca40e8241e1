"""Diagrams that are written as code (Mermaid, PlantUML) drawn as pictures, where there is what draws them.

That is ``mmdc`` (mermaid-cli) on this machine, or a Kroki server that the owner names, which is
sent the text of diagrams. Both are bounded in time and size; what is not drawn stays code.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import re
import shutil
import signal
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

import httpx

from wechat_oa.settings import Settings

LANGUAGES = ("mermaid", "plantuml")
SECONDS = 20.0
"""For all the diagrams of an article: a call must end before its client gives up. What was drawn is kept, so
that the next call goes on where this one stopped."""
MOST = 20
"""Diagrams of one article that are drawn."""
MAX_CHARACTERS = 20_000
"""Of a diagram's code."""
MAX_BYTES = 5 << 20
"""Of a picture as the renderer gives it."""
AT_ONCE = 2
"""mmdc starts a browser for each."""
KEPT_BYTES = 16 << 20
"""Of the pictures that one process remembers."""

_PNG = b"\x89PNG\r\n\x1a\n"
_COMPLAINT_BYTES = 16 * 1024
_LONGEST_COMPLAINT = 120
# Without the network: a diagram may name pictures anywhere, in the network of this machine too.
_OFFLINE = Path(__file__).with_name("mmdc_browser.json")
_ENDING_SECONDS = 2.0
_PASSED_ON = re.compile(r"PATH|HOME|LANG|LC_\w+|TMPDIR|TEMP|SYSTEMROOT|PUPPETEER_\w+|CHROME_\w+|XDG_\w+")


class Drawing(NamedTuple):
    """What became of a diagram: a picture, or the reason why there is none."""

    source: str = ""
    """A ``data:`` URL of a picture that articles can have; empty: it was not drawn."""
    width: int = 0
    """CSS pixels at which its letters have their size."""
    renderer: str = ""
    """Who drew it."""
    problem: str = ""
    """Why it was not drawn, in Chinese."""


class DiagramError(Exception):
    """A diagram was not drawn. ``str()`` says why, in Chinese."""


class Renderer(Protocol):
    """Draws diagrams."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def languages(self) -> tuple[str, ...]:
        """Those of LANGUAGES that it knows."""
        ...

    @property
    def scale(self) -> int:
        """Pixels of its pictures for each CSS pixel."""
        ...

    async def draw(self, language: str, code: str) -> bytes:
        """Return a picture. Raises DiagramError. May be cancelled."""
        ...


def renderer_of(settings: Settings, environment: Mapping[str, str] | None = None) -> Renderer | None:
    """Return the renderer that there is: the owner's Kroki server, else mmdc where it is installed.

    Without an ``environment`` no program is looked for.
    """
    if settings.mcp_diagram_url:
        return Kroki(settings.mcp_diagram_url)
    if environment is None or not hasattr(os, "killpg"):
        return None
    command = shutil.which("mmdc", path=environment.get("PATH", os.defpath))
    return Mmdc(command, environment) if command else None


class Kroki:
    """A server that speaks Kroki's HTTP API (POST /<language>/png)."""

    languages = LANGUAGES
    scale = 1

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """``url`` is the server's address. It is the owner's choice, so it may be in his own network."""
        self.name = urlsplit(url).hostname or url
        self._url = url
        self._transport = transport

    async def draw(self, language: str, code: str) -> bytes:
        """Return the server's PNG. Raises DiagramError."""
        headers = {"content-type": "text/plain; charset=utf-8", "accept": "image/png"}
        try:
            async with (
                httpx.AsyncClient(transport=self._transport, timeout=SECONDS) as client,
                client.stream(
                    "POST", f"{self._url}/{language}/png", content=code.encode(), headers=headers
                ) as answer,
            ):
                content = bytearray()
                async for piece in answer.aiter_bytes(64 * 1024):
                    content += piece
                    if len(content) > (MAX_BYTES if answer.is_success else _COMPLAINT_BYTES):
                        break
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise DiagramError(f"连不上 {self.name}（{type(error).__name__}）") from error
        if not answer.is_success:
            raise DiagramError(_complaint(bytes(content)) or f"{self.name} 回答 HTTP {answer.status_code}")
        return bytes(content)


class Mmdc:
    """mermaid-cli on this machine. It draws in a browser that reaches no network."""

    name = "mmdc"
    languages = ("mermaid",)
    scale = 2

    def __init__(self, command: str, environment: Mapping[str, str]) -> None:
        """``command`` is its path; of the ``environment`` it is told what a browser needs, and no secret."""
        self._command = command
        self._environment = {name: value for name, value in environment.items() if _PASSED_ON.fullmatch(name)}

    async def draw(self, language: str, code: str) -> bytes:
        """Return mmdc's PNG. Raises DiagramError."""
        arguments = ("-i", "-", "-o", "-", "-e", "png", "-s", str(self.scale), "-q", "-p", str(_OFFLINE))
        try:
            process = await asyncio.create_subprocess_exec(
                self._command,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=self._environment,
                start_new_session=True,
            )
        except OSError as error:
            raise DiagramError(f"mmdc 启动不了（{type(error).__name__}）") from error
        try:
            _, content, complaint = await asyncio.gather(
                _send(process.stdin, code.encode()),
                _receive(process, process.stdout, MAX_BYTES + 1),
                _receive(process, process.stderr, _COMPLAINT_BYTES),
            )
            await process.wait()
        finally:
            await _end(process)
        if process.returncode and len(content) <= MAX_BYTES:
            raise DiagramError(_complaint(complaint) or f"mmdc 出错，退出码 {process.returncode}")
        return content


class Diagrams:
    """Draws the diagrams of articles, each once in the life of the process."""

    def __init__(self, renderer: Renderer, *, seconds: float = SECONDS) -> None:
        """``seconds`` are for all the diagrams of one call."""
        self._renderer = renderer
        self._seconds = seconds
        self._kept: dict[str, Drawing] = {}

    async def drawn(self, diagrams: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Drawing]:
        """Return what became of each diagram (language, code) whose language the renderer knows."""
        wanted = [each for each in dict.fromkeys(diagrams) if each[0] in self._renderer.languages]
        found = dict.fromkeys(wanted[MOST:], Drawing(problem=f"一篇文章最多画 {MOST} 张"))
        limit = asyncio.Semaphore(AT_ONCE)
        loop = asyncio.get_running_loop()
        until = loop.time() + self._seconds

        async def draw(diagram: tuple[str, str]) -> None:
            try:
                async with asyncio.timeout_at(until), limit:
                    found[diagram] = await self._drawing(*diagram)
            except TimeoutError:
                problem = f"{self._seconds:g} 秒内没有画完，再来一次会接着画"
                found[diagram] = Drawing(problem=problem)
            except DiagramError as error:
                found[diagram] = Drawing(problem=str(error))

        await asyncio.gather(*map(draw, wanted[:MOST]))
        return found

    async def _drawing(self, language: str, code: str) -> Drawing:
        key = hashlib.sha256(f"{language}\n{code}".encode()).hexdigest()
        if key in self._kept:
            self._kept[key] = self._kept.pop(key)  # what is used stays longest
            return self._kept[key]
        if len(code) > MAX_CHARACTERS:
            raise DiagramError(f"代码有 {len(code)} 个字符，最多 {MAX_CHARACTERS} 个")
        picture = await self._renderer.draw(language, code)
        if len(picture) > MAX_BYTES:
            raise DiagramError(f"画出来的图超过 {MAX_BYTES >> 20} MB")
        if not picture.startswith(_PNG):
            raise DiagramError(f"{self._renderer.name} 给的不是 PNG 图片")
        drawing = await asyncio.to_thread(_as_drawing, picture, self._renderer)
        self._kept[key] = drawing
        while sum(len(kept.source) for kept in self._kept.values()) > KEPT_BYTES:
            del self._kept[next(iter(self._kept))]
        return drawing


def _as_drawing(picture: bytes, renderer: Renderer) -> Drawing:
    # Imported here: pictures take their time, and most calls have none.
    from wechat_mcp.images import ImageError, convert  # noqa: PLC0415
    from wechat_mcp.targets import BODY  # noqa: PLC0415

    try:
        ready = convert(picture, BODY)
    except ImageError as error:
        raise DiagramError(str(error)) from error
    width = int.from_bytes(picture[16:20]) // renderer.scale  # as the head of a PNG says it
    source = f"data:{ready.content_type};base64,{base64.b64encode(ready.data).decode()}"
    return Drawing(source, max(1, width), renderer.name)


async def _send(stream: asyncio.StreamWriter | None, data: bytes) -> None:
    assert stream is not None  # noqa: S101  # nosec B101  (a pipe was asked for)
    with suppress(OSError):  # it has said what is wrong, and left
        stream.write(data)
        await stream.drain()
    stream.close()


async def _receive(
    process: asyncio.subprocess.Process, stream: asyncio.StreamReader | None, most: int
) -> bytes:
    """Read to the end; who says more than ``most`` bytes is told to stop."""
    assert stream is not None  # noqa: S101  # nosec B101
    content = bytearray()
    while len(content) < most and (piece := await stream.read(64 * 1024)):
        content += piece
    if len(content) >= most:
        _signal(process, signal.SIGTERM)
    return bytes(content)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a program that is still there: first so that it can end the browser that it has started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        _signal(process, number)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _ENDING_SECONDS)


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """Signal a program and what it has started in its group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _complaint(said: bytes) -> str:
    """The first line of what a renderer says that tells what is wrong."""
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines()]
    named = [line for line in lines if re.match(r"(?:[A-Z]\w*)?(?:Error|Exception)\b|Syntax", line)]
    first = (named or [line for line in lines if line] or [""])[0].removeprefix("Error: ")
    return "".join(letter for letter in first if letter.isprintable())[:_LONGEST_COMPLAINT]
