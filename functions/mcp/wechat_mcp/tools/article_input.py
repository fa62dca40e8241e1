"""An article as a call brings it: its Markdown, and how it is to look."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field

from wechat_mcp.services import MAX_FILE_BYTES, McpServices
from wechat_mcp.tooling.declaring import Parameters
from wechat_mcp.tooling.results import Refused

_ENDINGS = (".md", ".markdown", ".mdown", ".txt")
"""Whoever may call is not always the one whose machine it is: no other files are read as articles."""


class Source(NamedTuple):
    """An article's Markdown, and where it comes from."""

    markdown: str
    name: str = ""
    """The file's path, which tells one article from another; empty for Markdown that came as text."""
    folder: Path | None = None
    """Where its pictures may lie; None: no files are read."""


def _on_or_off(value: Any) -> Any:
    """Many clients send a plain true for what has three values."""
    word = str(value).strip().lower()
    return "on" if word in ("true", "1", "yes") else "off" if word in ("false", "0", "no") else value


class ArticleText(Parameters):
    """The parameters that bring an article."""

    markdown: Annotated[
        str,
        Field(
            description="文章的 Markdown，文首可以有 front matter（title、author、digest、cover、theme 等）。"
            "图片写 http(s) 网址或 data: 地址",
            max_length=MAX_FILE_BYTES,
        ),
    ] = ""
    file_path: Annotated[
        str,
        Field(
            description="本机 Markdown 文件的路径（只在服务器运行在你自己的电脑上时可用）；"
            "图片可以写相对于它的路径",
            max_length=4096,
        ),
    ] = ""

    def source(self, services: McpServices) -> Source:
        """Return the article that is given in one of two ways. Raises Refused."""
        if bool(self.markdown.strip()) == bool(self.file_path):
            if self.file_path:
                raise Refused("markdown 和 file_path 只能给一个。")
            raise Refused("没有文章。请给 markdown" + (" 或 file_path。" if services.files_allowed else "。"))
        return _read(services, self.file_path) if self.file_path else Source(self.markdown)


class ArticleInput(ArticleText):
    """The article, and what stands above its front matter."""

    theme: Annotated[
        str, Field(description="主题的名字，有哪些见 themes；不填用文首写的，再没有就是 calm", max_length=40)
    ] = ""
    accent: Annotated[str, Field(description="主题色，例如 #1a6b54", max_length=40)] = ""
    font_size: Annotated[int, Field(description="正文字号，12 到 24 像素；0 用主题的", ge=0, le=24)] = 0
    justify: Annotated[
        Literal["auto", "on", "off"],
        BeforeValidator(_on_or_off),
        Field(description="两端对齐：on 是、off 否、auto 用文首写的或主题的"),
    ] = "auto"
    css: Annotated[str, Field(description="加在主题之上的 CSS", max_length=64 * 1024)] = ""
    title: Annotated[str, Field(description="标题，代替文首写的", max_length=200)] = ""
    author: Annotated[str, Field(description="作者，代替文首写的", max_length=100)] = ""
    digest: Annotated[str, Field(description="摘要，代替文首写的", max_length=500)] = ""
    cover: Annotated[
        str,
        Field(
            description="封面图片（网址、data: 地址，或文章旁边的文件），代替文首写的",
            max_length=MAX_FILE_BYTES,
        ),
    ] = ""

    def settings(self) -> dict[str, str]:
        """Return what is given of the settings that the front matter has too."""
        given = {"title": self.title, "author": self.author, "digest": self.digest, "cover": self.cover}
        return {name: value for name, value in given.items() if value.strip()}


def _read(services: McpServices, file_path: str) -> Source:
    if not services.files_allowed:
        raise Refused("服务器不在你的电脑上，读不到 file_path。请把文章的内容放在 markdown 里。")
    path = Path(file_path.removeprefix("file://")).expanduser()
    try:
        path = path.resolve()
        if path.suffix.lower() not in _ENDINGS:
            raise Refused(f"file_path 要是 Markdown 文件，以 {'、'.join(_ENDINGS)} 结尾。")
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise Refused(f"文件超过 {MAX_FILE_BYTES >> 20} MB：请把图片放在文件外面，或拆成几篇。")
        return Source(data.decode("utf-8-sig"), str(path), path.parent)
    except UnicodeDecodeError:
        raise Refused("文件不是 UTF-8 编码：请另存为 UTF-8 再试。") from None
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise Refused(f"读不到文件 {file_path}：{reason}。") from None
