"""Customer-service messages (客服消息): what an account may say to whoever wrote in the last 48 hours.

A follower's message opens five of these for 48 hours, a click, a scan or a subscription three for a minute.
Every function sends one message, in the name of a customer-service account if ``kf_account`` is given, and
raises WeChatError: 45015 the time is over, 45047 all are used up, 48001 the account may not, 40007 the
media_id is wrong; UnknownOutcome when the follower may have got it; and what the client raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import limits
from .client import WeChatClient

TEXT_BYTES = 2048
"""What accounts measure; the documentation names no number."""


async def send_text(client: WeChatClient, openid: str, content: str, kf_account: str = "") -> None:
    """Send a text of at most 2048 UTF-8 bytes. Raises LimitError, and as every message."""
    limits.utf8_bytes("消息", content, TEXT_BYTES, least=1)
    await _send(client, openid, "text", {"content": content}, kf_account)


async def send_image(client: WeChatClient, openid: str, media_id: str, kf_account: str = "") -> None:
    """Send a picture, by its temporary or permanent media_id."""
    await _send(client, openid, "image", {"media_id": media_id}, kf_account)


async def send_voice(client: WeChatClient, openid: str, media_id: str, kf_account: str = "") -> None:
    """Send a voice, by its media_id."""
    await _send(client, openid, "voice", {"media_id": media_id}, kf_account)


async def send_video(
    client: WeChatClient,
    openid: str,
    media_id: str,
    *,
    thumb_media_id: str = "",
    title: str = "",
    description: str = "",
    kf_account: str = "",
) -> None:
    """Send a video, by its media_id and that of its still."""
    body = {"media_id": media_id, "thumb_media_id": thumb_media_id or media_id}
    await _send(client, openid, "video", {**body, "title": title, "description": description}, kf_account)


async def send_music(
    client: WeChatClient,
    openid: str,
    *,
    musicurl: str,
    thumb_media_id: str,
    hqmusicurl: str = "",
    title: str = "",
    description: str = "",
    kf_account: str = "",
) -> None:
    """Send music to be played from ``musicurl``, from ``hqmusicurl`` on Wi-Fi."""
    body = {"title": title, "description": description, "musicurl": musicurl}
    body |= {"hqmusicurl": hqmusicurl or musicurl, "thumb_media_id": thumb_media_id}
    await _send(client, openid, "music", body, kf_account)


async def send_news(
    client: WeChatClient,
    openid: str,
    *,
    title: str,
    url: str,
    description: str = "",
    picurl: str = "",
    kf_account: str = "",
) -> None:
    """Send a card that opens ``url``: one, WeChat takes no more."""
    card = {"title": title, "description": description, "url": url, "picurl": picurl}
    await _send(client, openid, "news", {"articles": [card]}, kf_account)


async def send_mpnews(client: WeChatClient, openid: str, media_id: str, kf_account: str = "") -> None:
    """Send articles, by the media_id of a draft."""
    await _send(client, openid, "mpnews", {"media_id": media_id}, kf_account)


async def send_mpnewsarticle(
    client: WeChatClient, openid: str, article_id: str, kf_account: str = ""
) -> None:
    """Send a published article, by the article_id of its publication."""
    await _send(client, openid, "mpnewsarticle", {"article_id": article_id}, kf_account)


async def send_msgmenu(
    client: WeChatClient,
    openid: str,
    *,
    head_content: str,
    choices: Mapping[str, str],
    tail_content: str = "",
    kf_account: str = "",
) -> None:
    """Send a question with its choices by id: the one tapped comes back as a text with ``bizmsgmenuid``."""
    limits.require(choices, "菜单消息至少要有一个选项")
    listed = [{"id": choice_id, "content": content} for choice_id, content in choices.items()]
    body = {"head_content": head_content, "list": listed, "tail_content": tail_content}
    await _send(client, openid, "msgmenu", body, kf_account)


async def send_wxcard(client: WeChatClient, openid: str, card_id: str, kf_account: str = "") -> None:
    """Send a card (卡券), by its card_id."""
    await _send(client, openid, "wxcard", {"card_id": card_id}, kf_account)


async def send_miniprogrampage(
    client: WeChatClient,
    openid: str,
    *,
    title: str,
    appid: str,
    pagepath: str,
    thumb_media_id: str,
    kf_account: str = "",
) -> None:
    """Send a page of a mini program that is bound to the account."""
    body = {"title": title, "appid": appid, "pagepath": pagepath, "thumb_media_id": thumb_media_id}
    await _send(client, openid, "miniprogrampage", body, kf_account)


async def send_link(
    client: WeChatClient,
    openid: str,
    *,
    title: str,
    description: str,
    url: str,
    thumb_url: str,
    kf_account: str = "",
) -> None:
    """Send a link with its text and its picture's address."""
    body = {"title": title, "description": description, "url": url, "thumb_url": thumb_url}
    await _send(client, openid, "link", body, kf_account)


async def typing(client: WeChatClient, openid: str, on: bool = True) -> None:
    """Show the follower that an answer is being written, for 15 seconds or until a message comes; or stop.

    Only for 30 seconds after the follower's message (客服输入状态). Raises WeChatError: 45080 too late,
    45081 it shows already; and what the client raises.
    """
    command = "Typing" if on else "CancelTyping"
    await client.post_json("/cgi-bin/message/custom/typing", {"touser": openid, "command": command})


async def _send(
    client: WeChatClient, openid: str, msgtype: str, body: Mapping[str, Any], kf_account: str
) -> None:
    """WeChat puts each type's fields under the type's own name."""
    message: dict[str, Any] = {"touser": openid, "msgtype": msgtype, msgtype: dict(body)}
    if kf_account:
        message["customservice"] = {"kf_account": kf_account}
    await client.post_json("/cgi-bin/message/custom/send", message)
