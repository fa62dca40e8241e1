"""wechat_message: customer-service messages."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Refused, Result
from wechat_mcp.tools.params import Openid
from wechat_oa.api import message

tool = Declared(
    "wechat_message",
    "客服消息",
    "给 48 小时内来过消息的粉丝发消息（一次来信最多回 5 条；需要认证的服务号）。"
    "给了什么就发什么：text 文字、image/voice/video 的 media_id、文章的 article_id 或草稿 media_id、链接卡"
    "片。",
)

Content = Annotated[str, Field(description="文字内容，2048 字节以内", max_length=2048)]
KfAccount = Annotated[str, Field(description="以哪个客服账号的名义", max_length=128)]
_BY_MEDIA_ID = {"image", "voice", "video", "mpnews"}


@tool.action("send", "发一条", scope="publish", given=("content", "media_id", "article_id"))
async def send(
    call: Call,
    openid: Openid,
    msgtype: Annotated[
        str,
        Field(description="text、image、voice、video、mpnews、mpnewsarticle、news、msgmenu；不填按内容判断"),
    ] = "",
    content: Content = "",
    media_id: Annotated[str, Field(description="图片、语音、视频或草稿的 media_id", max_length=128)] = "",
    article_id: Annotated[str, Field(description="已发布文章的 article_id", max_length=128)] = "",
    title: Annotated[str, Field(description="链接卡片或视频的标题", max_length=200)] = "",
    description: Annotated[str, Field(description="链接卡片或视频的描述", max_length=500)] = "",
    url: Annotated[str, Field(description="链接卡片打开的地址", max_length=1024)] = "",
    pic_url: Annotated[str, Field(description="链接卡片的图片地址", max_length=1024)] = "",
    choices: Annotated[
        dict[str, str], Field(description='菜单消息的选项：{"1": "满意", "2": "不满意"}')
    ] = {},
    kf_account: KfAccount = "",
) -> Result:
    """Send one message of whatever kind is given."""
    kind = msgtype or _kind(
        content=content, article_id=article_id, media_id=media_id, url=url, choices=choices
    )
    client = call.client
    if kind in _BY_MEDIA_ID and not media_id:
        raise Refused(f"{kind} 要给 media_id。")
    match kind:
        case "text" if content:
            await message.send_text(client, openid, content, kf_account)
        case "image":
            await message.send_image(client, openid, media_id, kf_account)
        case "voice":
            await message.send_voice(client, openid, media_id, kf_account)
        case "video":
            await message.send_video(
                client, openid, media_id, title=title, description=description, kf_account=kf_account
            )
        case "mpnews":
            await message.send_mpnews(client, openid, media_id, kf_account)
        case "mpnewsarticle" if article_id:
            await message.send_mpnewsarticle(client, openid, article_id, kf_account)
        case "news" if url and title:
            await message.send_news(
                client,
                openid,
                title=title,
                url=url,
                description=description,
                picurl=pic_url,
                kf_account=kf_account,
            )
        case "msgmenu" if choices:
            await message.send_msgmenu(
                client, openid, head_content=content, choices=choices, kf_account=kf_account
            )
        case _:
            raise Refused(
                "没有内容可发。文字给 content；图片、语音、视频给 msgtype 和 media_id；文章给 article_id；"
                "链接卡片给 title 和 url；菜单给 content 和 choices。"
            )
    return Result("消息已发出。", {"openid": openid, "msgtype": kind})


@tool.action("typing", "显示或取消「对方正在输入」", scope="write")
async def typing(
    call: Call, openid: Openid, on: Annotated[bool, Field(description="true 显示，false 取消")] = True
) -> Result:
    """Show that an answer is being written."""
    await message.typing(call.client, openid, on)
    return Result("已显示「对方正在输入」，最多 15 秒。" if on else "已取消。", {"openid": openid, "on": on})


def _kind(*, content: str, article_id: str, media_id: str, url: str, choices: dict[str, Any]) -> str:
    if choices:
        return "msgmenu"
    if article_id:
        return "mpnewsarticle"
    if media_id:
        return "image"
    return "news" if url else "text"
