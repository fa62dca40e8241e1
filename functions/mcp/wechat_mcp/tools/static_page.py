"""static_page: hosted web pages, and the web server that shows them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Refused, Result
from wechat_oa.page_names import PageError
from wechat_oa.pages import NoSuchPageError, Page, Pages

T = TypeVar("T")

tool = Declared(
    "static_page",
    "静态网页",
    "托管的网页：generate 把一份 HTML 变成一个公开的地址，list、info、delete 管理它们；"
    'type="other" 放其他文件（如域名校验用的 .txt）。server_status 等动作看和控制提供网页的服务器。',
)

FileName = Annotated[str, Field(description="网页的名字，可以带或不带 .html；不填就随机", max_length=100)]
Name = Annotated[str, Field(description="网页的名字，可以带或不带 .html", min_length=1, max_length=100)]
Port = Annotated[int, Field(description="端口；不填用设置里的", ge=0, le=65535)]


@tool.action("generate", "托管一份 HTML，得到地址", scope="write", given=("html_content",), also=("create",))
async def generate(
    call: Call,
    html_content: Annotated[str, Field(description="网页的 HTML（type=other 时是文件的内容）", min_length=1)],
    filename: FileName = "",
    type: Annotated[Literal["html", "other"], Field(description="html 网页，other 其他文件")] = "html",
    overwrite: Annotated[bool, Field(description="同名的已经存在时覆盖它")] = False,
    is_base64: Annotated[bool, Field(description="type=other 时：内容是 base64")] = False,
) -> Result:
    """Host a page or a file."""
    hosted = pages(call)
    if call.dry_run:
        return Result(f"预演：会托管 {len(html_content.encode())} 字节，不向微信发送任何东西。")
    if type == "html":
        page = asked(lambda: hosted.generate(html_content, filename, overwrite=overwrite))
    else:
        data = _bytes(html_content) if is_base64 else html_content.encode()
        page = asked(lambda: hosted.add_file(data, filename, overwrite=overwrite))
    return Result(f"已托管：{page.url}", about(page))


@tool.action("list", "列出网页", scope="read")
async def list_(
    call: Call,
    cursor: Annotated[str, Field(description="翻页：上一页的 next", max_length=100)] = "",
    count: Annotated[int, Field(description="最多几个", ge=1, le=50)] = 50,
    type: Annotated[Literal["html", "other"], Field(description="html 网页，other 其他文件")] = "html",
) -> Result:
    """One stretch of the list."""
    found = pages(call).list(cursor=cursor, limit=count, kind="page" if type == "html" else "file")
    lines = [f"- {page.title or page.name}  {page.url}" for page in found.pages]
    return Result(
        "\n".join([f"网页 {len(found.pages)} 个，新的在前。", *lines]),
        {"pages": [about(page) for page in found.pages], "next": found.next},
    )


@tool.action("info", "看一个网页的信息", scope="read", given=("filename",))
async def info(call: Call, filename: Name) -> Result:
    """What is known about a page."""
    page = asked(lambda: pages(call).info(filename))
    return Result(f"{page.title or page.name}：{page.url}，{page.size} 字节。", about(page))


@tool.action("delete", "删除一个网页（不能恢复）", scope="write", destructive=True)
async def delete(call: Call, filename: Name) -> Result:
    """Remove a page."""
    if call.dry_run:
        return Result(f"预演：会删除网页 {filename}。")
    asked(lambda: pages(call).delete(filename))
    return Result(f"已删除网页 {filename}。", {"filename": filename})


@tool.action("server_status", "网页服务器的状态和地址", scope="read", also=("integrated_server_status",))
async def server_status(call: Call) -> Result:
    """Whether the web server runs, and where."""
    server = call.services.web_server
    if server is None:
        return Result("这里没有网页服务器。", {"running": False, "urls": {}})
    status = await server.status()
    urls: dict[str, str] = status.get("urls", {})
    lines = [f"- {name}：{url}" for name, url in urls.items()]
    state = "在运行" if status.get("running") else "没有运行"
    if server.always_on:
        state += "（部署在云上，一直开着，不用启动或停止）"
    return Result("\n".join([f"网页服务器{state}。", *lines]), {**status, "always_on": server.always_on})


@tool.action(
    "start_server", "启动网页服务器", scope="write", given=("port",), also=("start_integrated_server",)
)
async def start_server(call: Call, port: Port = 0) -> Result:
    """Start the web server, with the chat, the pages and the callback."""
    server = call.services.web_server
    if server is None:
        raise Refused("这里没有网页服务器可以启动。")
    if server.always_on:
        return await server_status(call)
    if call.dry_run:
        return Result("预演：会在这台机器上启动网页服务器。")
    try:
        url = await server.start(port)
    except OSError as error:
        raise Refused(
            f"启动不了：{error.strerror or error}。换一个端口试试，例如 port={(port or 3004) + 1}。"
        ) from None
    return Result(f"网页服务器已启动：{url}", await server.status())


@tool.action("stop_server", "停止网页服务器", scope="write", also=("stop_integrated_server",))
async def stop_server(call: Call) -> Result:
    """Stop the web server."""
    server = call.services.web_server
    if server is None or server.always_on:
        return await server_status(call)
    if call.dry_run:
        return Result("预演：会停止这台机器上的网页服务器。")
    stopped = await server.stop()
    return Result("网页服务器已停止。" if stopped else "网页服务器本来就没有运行。", {"running": False})


def pages(call: Call) -> Pages:
    """Return the hosted pages. Raises Refused where there are none."""
    if call.services.pages is None:
        raise Refused("这里没有配置网页的存储，不能托管网页。")
    return call.services.pages


def asked(ask: Callable[[], T]) -> T:
    """Return what the pages answer. Raises Refused, with what they refuse in their own words."""
    try:
        return ask()
    except NoSuchPageError as error:
        raise Refused(f'{error}。用 action="list" 看有哪些。') from None
    except PageError as error:
        raise Refused(f"{error}。") from None


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("内容不是 base64。") from None


def about(page: Page) -> dict[str, Any]:
    """Return what is known about a page, as data."""
    data = {
        "filename": page.name,
        "url": page.url,
        "title": page.title,
        "description": page.description,
        "content_type": page.content_type,
        "size": page.size,
        "sha256": page.sha256,
        "created": page.created,
        "updated": page.updated,
    }
    return data if page.visits is None else data | {"visits": page.visits}
