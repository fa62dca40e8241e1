"""wechat_qrcode: QR codes with a scene, and short keys."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Result
from wechat_oa.api import qrcode

tool = Declared(
    "wechat_qrcode",
    "带参数的二维码",
    "带场景值的关注二维码：临时的最多 30 天，永久的一个账号 10 万个；以及把长内容换成 15 位短 key。需要认证"
    "的服务号。",
)

Scene = Annotated[
    str, Field(description="场景值：数字或 64 字节以内的文字，扫码事件会带回它", min_length=1, max_length=64)
]
Seconds = Annotated[int, Field(description="有效期（秒），最多 30 天", ge=60, le=qrcode.MAX_SECONDS)]


@tool.action("create_temporary", "临时二维码", scope="write", given=("scene",), also=("create",))
async def create_temporary(call: Call, scene: Scene, expire_seconds: Seconds = qrcode.MAX_SECONDS) -> Result:
    """Make a code for some time."""
    return _made(await qrcode.create_temporary(call.client, _scene(scene), expire_seconds=expire_seconds))


@tool.action(
    "create_permanent",
    "永久二维码",
    scope="publish",
    warns="将生成场景值为 {scene} 的永久二维码：不能删除，一个账号一共只有 10 万个。",
)
async def create_permanent(call: Call, scene: Scene) -> Result:
    """Make a code for good."""
    return _made(await qrcode.create_permanent(call.client, _scene(scene)))


@tool.action("shorten", "长内容换短 key", scope="write", given=("long_data",))
async def shorten(
    call: Call,
    long_data: Annotated[str, Field(description="4 KB 以内的内容", min_length=1, max_length=4096)],
    expire_seconds: Seconds = qrcode.MAX_SECONDS,
) -> Result:
    """Return a short key."""
    key = await qrcode.shorten(call.client, long_data, expire_seconds=expire_seconds)
    return Result(f"短 key：{key}。", {"short_key": key, "expire_seconds": expire_seconds})


@tool.action("fetch", "短 key 换回内容", scope="read", given=("short_key",))
async def fetch(
    call: Call, short_key: Annotated[str, Field(description="短 key", min_length=1, max_length=64)]
) -> Result:
    """Return what a short key stands for."""
    found = await qrcode.fetch_shortened(call.client, short_key)
    return Result(f"内容：{found['long_data']}", dict(found))


def _scene(scene: str) -> int | str:
    return int(scene) if scene.isascii() and scene.isdigit() and scene[0] != "0" else scene


def _made(code: qrcode.QrCode) -> Result:
    picture = qrcode.picture_url(code.ticket)
    lasts = f"，{code.expire_seconds} 秒内有效" if code.expire_seconds else "，永久有效"
    return Result(f"二维码已生成{lasts}。图片：{picture}", {**code._asdict(), "picture_url": picture})
