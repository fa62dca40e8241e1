"""wechat_temporary_media: files that WeChat keeps for three days."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from wechat_mcp.files import WAYS, GivenFile
from wechat_mcp.targets import TEMPORARY, THUMB
from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Refused, Result
from wechat_mcp.tools.media_results import shown
from wechat_mcp.tools.params import FileName, MediaId, MediaType
from wechat_oa.api import media
from wechat_oa.identifiers import time_ordered_id

tool = Declared(
    "wechat_temporary_media",
    "临时素材",
    "临时素材：上传图片、语音、视频、缩略图，得到三天内有效的 media_id（用于客服消息等；草稿的封面要用永久"
    "素材）。"
    "大文件先用 upload_url 拿到上传地址，传上去后把 upload_id 给 upload。",
)

_INDEX = "temporary_media"
_PICTURES = {"image": TEMPORARY, "thumb": THUMB}


@tool.action(
    "upload",
    "上传一个文件",
    scope="write",
    given=WAYS,
)
async def upload(
    call: Call,
    given: GivenFile,
    media_type: MediaType = "image",
    title: Annotated[str, Field(description="视频的标题，只记在列表里", max_length=200)] = "",
    introduction: Annotated[str, Field(description="视频的简介，只记在列表里", max_length=1000)] = "",
) -> Result:
    """Upload a file, and remember that it is there."""
    file, changes = await given.bring(call.services, _PICTURES.get(media_type))
    done = await media.upload_temporary(
        call.client, media_type, file.data, filename=file.filename, content_type=file.content_type
    )
    now = call.services.clock()
    expires_at = int((done.created_at or now) + media.KEPT_FOR)
    entry = {
        "media_id": done.media_id,
        "media_type": media_type,
        "file_name": file.filename,
        "title": title,
        "introduction": introduction,
        "expires_at": expires_at,
    }
    call.services.table.put({"pk": _INDEX, "sk": time_ordered_id(now), **entry, "ttl": expires_at})
    notes = "".join(f"注意：{each}。" for each in done.warnings)
    changed = f"已转换：{changes}。" if changes else ""
    return Result(
        f"临时素材已上传，三天内有效。media_id：{done.media_id}。{changed}{notes}",
        {**entry, "type": done.type, "created_at": done.created_at, "converted": changes},
    )


@tool.action("get", "取回文件", scope="read", given=("media_id",))
async def get(call: Call, media_id: MediaId) -> Result:
    """Fetch one."""
    return shown(await media.get_temporary(call.client, media_id), media_id)


@tool.action("list", "列出从这里上传、还没过期的", scope="read")
async def list_(call: Call) -> Result:
    """List what was uploaded from here and still works."""
    items = call.services.table.query(_INDEX, limit=100, newest_first=True)
    entries = [
        {name: value for name, value in item.items() if name not in ("pk", "sk", "ttl")} for item in items
    ]
    return Result(f"还没过期的临时素材有 {len(entries)} 个（只列出从这里上传的）。", {"items": entries})


@tool.action("upload_url", "要一个上传地址：大文件直接传，不用 base64", scope="write")
async def upload_url(
    call: Call,
    file_name: FileName,
    content_type: Annotated[
        str, Field(description="文件的类型，如 video/mp4、image/jpeg", max_length=100)
    ] = "application/octet-stream",
) -> Result:
    """Return where and how to send a large file."""
    urls = call.services.upload_urls
    if urls is None:
        raise Refused("这里没有上传地址：服务器在你自己的电脑上，直接给 file_path；或者用 url、file_data。")
    if call.dry_run:
        return Result("预演：会给出一个上传地址，不向微信发送任何东西。")
    made = urls.create(file_name, content_type)
    fields = " ".join(f"-F {name}='{value}'" for name, value in made["fields"].items())
    return Result(
        f"把文件以表单 POST 到 url（{made['expires_in'] // 60} 分钟内有效，字段见 fields，文件放最后的 file"
        f" 字段），"
        f"然后调用 upload 并给 upload_id={made['upload_id']}。",
        {**made, "example": f"curl {fields} -F file=@{file_name} {made['url']}"},
    )
