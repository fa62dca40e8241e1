"""wechat_upload_img: pictures for the inside of articles."""

from __future__ import annotations

from wechat_mcp.files import GivenFile
from wechat_mcp.targets import BODY
from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Result
from wechat_oa.api import media

tool = Declared(
    "wechat_upload_img",
    "上传正文图片",
    "上传图文消息正文里用的图片，得到可以写进 <img src> 的微信地址（外站图片微信会去掉）。不占素材库。"
    "WebP、过大或其他格式的图片会自动转换、压缩。",
)


@tool.only("上传正文图片", scope="write")
async def upload_img(call: Call, given: GivenFile) -> Result:
    """Upload a picture, made fit, and return its address."""
    picture, changes = await given.bring(call.services, BODY)
    uploaded = await media.upload_article_image(
        call.client, picture.data, filename=picture.filename, content_type=picture.content_type
    )
    changed = f"（已转换：{changes}）" if changes else ""
    return Result(
        f"图片已上传{changed}，地址：{uploaded.url}",
        {"url": uploaded.url, "bytes": len(picture.data), "converted": changes},
    )
