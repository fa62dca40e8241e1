"""wechat_mass: messages to many followers at once."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Refused, Result
from wechat_mcp.tools.params import Openids
from wechat_oa.api import mass
from wechat_oa.api.mass import MassMessage

tool = Declared(
    "wechat_mass",
    "群发",
    "群发文章或消息给全部粉丝、某个标签或指定的人（认证订阅号一天一次，服务号每人每月 4 条）。"
    "先用 preview 发给自己看。群发不能撤回。",
)

Kind = Annotated[
    Literal["mpnews", "text", "image", "voice", "mpvideo"],
    Field(description="mpnews 文章（草稿的 media_id）、text 文字、image 图片、voice 语音、mpvideo 视频"),
]
MediaId = Annotated[str, Field(description="草稿或素材的 media_id", max_length=128)]
Content = Annotated[str, Field(description="文字内容", max_length=2048)]
ClientMsgId = Annotated[str, Field(description="防重复的编号：24 小时内同一个编号只发一次", max_length=64)]
Reprint = Annotated[bool, Field(description="文章被判定为转载时仍然发")]
MsgId = Annotated[int, Field(description="群发的 msg_id", ge=1)]


@tool.action("preview", "发给一个人预览，每天 100 次", scope="write")
async def preview(
    call: Call,
    msgtype: Kind = "mpnews",
    media_id: MediaId = "",
    content: Content = "",
    openid: Annotated[str, Field(description="预览者的 openid", max_length=128)] = "",
    towxname: Annotated[str, Field(description="预览者的微信号", max_length=64)] = "",
) -> Result:
    """Show a message to one follower."""
    msg_id = await mass.preview(
        call.client, _message(msgtype, media_id, content), openid=openid, towxname=towxname
    )
    return Result("预览已发出，请在手机上查看。", {"msg_id": msg_id})


@tool.action(
    "send_all",
    "群发给全部粉丝或一个标签",
    scope="publish",
    warns="将群发 {msgtype}（{media_id}{content}）给标签 {tag_id} 的粉丝（-1 是全部粉丝）："
    "发出后不能撤回，并用掉一次群发次数。",
)
async def send_all(
    call: Call,
    msgtype: Kind = "mpnews",
    media_id: MediaId = "",
    content: Content = "",
    tag_id: Annotated[int, Field(description="标签的 id；-1 是全部粉丝", ge=-1)] = -1,
    send_ignore_reprint: Reprint = False,
    clientmsgid: ClientMsgId = "",
) -> Result:
    """Send to all, or to those with a tag."""
    job = await mass.send_all(
        call.client,
        _message(msgtype, media_id, content),
        tag_id=None if tag_id < 0 else tag_id,
        send_ignore_reprint=send_ignore_reprint,
        clientmsgid=clientmsgid,
    )
    return Result(
        f"群发任务已提交，msg_id：{job.msg_id}。", {"msg_id": job.msg_id, "msg_data_id": job.msg_data_id}
    )


@tool.action(
    "send",
    "群发给指定的人（2 到 1 万个 openid）",
    scope="publish",
    warns="将群发 {msgtype}（{media_id}{content}）给指定的粉丝：发出后不能撤回。",
)
async def send(
    call: Call,
    openids: Openids,
    msgtype: Kind = "mpnews",
    media_id: MediaId = "",
    content: Content = "",
    send_ignore_reprint: Reprint = False,
    clientmsgid: ClientMsgId = "",
) -> Result:
    """Send to some."""
    job = await mass.send(
        call.client,
        openids,
        _message(msgtype, media_id, content),
        send_ignore_reprint=send_ignore_reprint,
        clientmsgid=clientmsgid,
    )
    return Result(
        f"群发任务已提交，msg_id：{job.msg_id}。", {"msg_id": job.msg_id, "msg_data_id": job.msg_data_id}
    )


@tool.action("status", "群发的状态", scope="read", given=("msg_id",), also=("get",))
async def status(call: Call, msg_id: MsgId) -> Result:
    """How far a mass message is."""
    found = await mass.status(call.client, msg_id)
    return Result(
        f"群发 {msg_id}：{mass.STATUS.get(found, found)}。", {"msg_id": msg_id, "msg_status": found}
    )


@tool.action(
    "delete",
    "删除群发的文章",
    scope="publish",
    warns="将删除群发 {msg_id} 的文章（article_idx={article_idx}，0 是全部）：读者再也打不开，不能恢复。",
)
async def delete(
    call: Call,
    msg_id: MsgId,
    article_idx: Annotated[int, Field(description="第几篇，第一篇是 1；0 是全部", ge=0)] = 0,
) -> Result:
    """Make what was sent unreadable."""
    await mass.delete(call.client, msg_id, article_idx=article_idx)
    return Result(f"已删除群发 {msg_id} 的文章。", {"msg_id": msg_id, "article_idx": article_idx})


@tool.action("get_speed", "群发的速度", scope="read")
async def get_speed(call: Call) -> Result:
    """How fast mass messages go out."""
    speed = await mass.get_speed(call.client)
    return Result(
        f"群发速度是每分钟 {speed.realspeed} 万人。", {"speed": speed.speed, "realspeed": speed.realspeed}
    )


@tool.action("set_speed", "设置群发的速度", scope="write")
async def set_speed(
    call: Call,
    speed: Annotated[int, Field(description="0 最快（80 万/分钟）到 4 最慢（10 万/分钟）", ge=0, le=4)],
) -> Result:
    """Set how fast they go out."""
    await mass.set_speed(call.client, speed)
    return Result(f"群发速度已设为每分钟 {mass.SPEEDS[speed]} 万人。", {"speed": speed})


def _message(msgtype: str, media_id: str, content: str) -> MassMessage:
    if msgtype == "text" or (content and not media_id):
        return mass.text(content)
    if not media_id:
        raise Refused("没有内容可发：文章给草稿的 media_id，文字给 content。")
    match msgtype:
        case "image":
            return mass.images([media_id])
        case "voice":
            return mass.voice(media_id)
        case "mpvideo":
            return mass.mpvideo(media_id)
    return mass.mpnews(media_id)
