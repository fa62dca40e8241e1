"""QR codes with a scene (带参数二维码), and short keys for long values (短 key 托管)."""

from __future__ import annotations

from typing import Any, NamedTuple, TypedDict, cast
from urllib.parse import quote

from . import limits
from .client import WeChatClient

MAX_SECONDS = 30 * 24 * 3600
"""How long a temporary code, or a short key, can live."""
MAX_PERMANENT_ID = 100_000
_SCENE_BYTES = 64
_LONG_DATA_BYTES = 4096


class QrCode(NamedTuple):
    """A QR code: who scans it comes with its scene (subscribe with ``qrscene_``…, or SCAN)."""

    ticket: str
    url: str
    """What the code says: whoever draws it needs nothing else."""
    expire_seconds: int
    """0 for a permanent one."""


class LongData(TypedDict):
    """What a short key stands for."""

    long_data: str
    create_time: int
    expire_seconds: int
    """Seconds it has left."""


async def create_temporary(
    client: WeChatClient, scene: int | str, *, expire_seconds: int = MAX_SECONDS
) -> QrCode:
    """Make a code for at most 30 days (生成带参数的二维码): a number of 32 bits, or 1 to 64 bytes of text."""
    limits.between("expire_seconds", expire_seconds, 60, MAX_SECONDS)
    return await _create(client, "QR", scene, 2**32 - 1, expire_seconds, idempotent=True)


async def create_permanent(client: WeChatClient, scene: int | str) -> QrCode:
    """Make a code for good: 1 to 100 000, or 1 to 64 bytes of text. An account has 100 000 of these.

    Raises WeChatError: 40053 (all used up); UnknownOutcome when it may have been made.
    """
    return await _create(client, "QR_LIMIT", scene, MAX_PERMANENT_ID)


def picture_url(ticket: str) -> str:
    """Return where WeChat shows a code as a picture, to anybody (通过 ticket 换取二维码)."""
    return f"https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket={quote(ticket, safe='')}"


async def shorten(client: WeChatClient, long_data: str, *, expire_seconds: int = MAX_SECONDS) -> str:
    """Return a short key, 15 letters and digits, for at most 4 KB and 30 days (长信息转短链)."""
    limits.utf8_bytes("long_data", long_data, _LONG_DATA_BYTES, least=1)
    limits.between("expire_seconds", expire_seconds, 1, MAX_SECONDS)
    payload = {"long_data": long_data, "expire_seconds": expire_seconds}
    answer = await client.post_json("/cgi-bin/shorten/gen", payload, idempotent=True, expects="short_key")
    return str(answer["short_key"])


async def fetch_shortened(client: WeChatClient, short_key: str) -> LongData:
    """Return what a short key stands for (短链转长信息). Raises WeChatError: 9410012 (none, or too old)."""
    answer = await client.post_json(
        "/cgi-bin/shorten/fetch", {"short_key": short_key}, idempotent=True, expects="long_data"
    )
    return cast(LongData, answer)


async def _create(
    client: WeChatClient,
    kind: str,
    scene: int | str,
    most: int,
    expire_seconds: int = 0,
    *,
    idempotent: bool = False,
) -> QrCode:
    said: dict[str, int | str]
    if isinstance(scene, int):
        limits.between("场景值", scene, 1, most)
        name, said = f"{kind}_SCENE", {"scene_id": scene}
    else:
        limits.utf8_bytes("场景值", scene, _SCENE_BYTES, least=1)
        name, said = f"{kind}_STR_SCENE", {"scene_str": scene}
    payload: dict[str, Any] = {"action_name": name, "action_info": {"scene": said}}
    if expire_seconds:
        payload["expire_seconds"] = expire_seconds
    answer = await client.post_json(
        "/cgi-bin/qrcode/create", payload, idempotent=idempotent, expects="ticket"
    )
    return QrCode(str(answer["ticket"]), str(answer.get("url", "")), int(answer.get("expire_seconds", 0)))
