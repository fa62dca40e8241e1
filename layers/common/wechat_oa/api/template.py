"""Template messages (模板消息): notices in a fixed form, which verified service accounts may send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, cast

from . import limits
from .client import WeChatClient


class Template(TypedDict):
    """A template of the account."""

    template_id: str
    title: str
    primary_industry: str
    deputy_industry: str
    content: str
    """With ``{{name.DATA}}`` where the values go."""
    example: str


class MiniProgram(TypedDict):
    """The mini program that a message opens."""

    appid: str
    pagepath: str


async def set_industry(client: WeChatClient, industry_id1: int, industry_id2: int) -> None:
    """Set the account's two industries (设置所属行业). Raises WeChatError: 43100 (once a month), 40102."""
    payload = {"industry_id1": str(industry_id1), "industry_id2": str(industry_id2)}
    await client.post_json("/cgi-bin/template/api_set_industry", payload)


async def get_industry(client: WeChatClient) -> dict[str, Any]:
    """Return ``primary_industry`` and ``secondary_industry`` (获取行业信息)."""
    return await client.get_json("/cgi-bin/template/get_industry", expects="primary_industry")


async def add(client: WeChatClient, template_id_short: str, keyword_name_list: Sequence[str] = ()) -> str:
    """Take a template from WeChat's library, with its keywords in this order (选用模板): its template_id.

    Raises WeChatError: 45026 (as many as there may be), 45027 (not for this industry); UnknownOutcome.
    """
    payload: dict[str, Any] = {"template_id_short": template_id_short}
    if keyword_name_list:
        payload["keyword_name_list"] = list(keyword_name_list)
    answer = await client.post_json("/cgi-bin/template/api_add_template", payload, expects="template_id")
    return str(answer["template_id"])


async def get_all(client: WeChatClient) -> list[Template]:
    """Return the account's templates (获取已选用模板列表)."""
    answer = await client.get_json("/cgi-bin/template/get_all_private_template", expects="template_list")
    return cast(list[Template], answer["template_list"])


async def delete(client: WeChatClient, template_id: str) -> None:
    """Remove one of the account's templates (删除模板). Raises WeChatError: 40037."""
    await client.post_json("/cgi-bin/template/del_private_template", {"template_id": template_id})


async def send(
    client: WeChatClient,
    openid: str,
    template_id: str,
    data: Mapping[str, str],
    *,
    url: str = "",
    miniprogram: MiniProgram | None = None,
    client_msg_id: str = "",
) -> int:
    """Send a notice with these values, and return its msgid (发送模板消息; TEMPLATESENDJOBFINISH follows).

    A tap opens the mini program, else ``url``. Within ten minutes, WeChat sends what has the same
    ``client_msg_id`` (at most 32 characters) once. Raises LimitError; WeChatError: 40003, 40037, 43004, 47003
    (a value breaks its field's rule); UnknownOutcome when the follower may have got it.
    """
    limits.require(data, "模板消息要有内容 data")
    limits.characters("client_msg_id", client_msg_id, 32)
    payload: dict[str, Any] = {
        "touser": openid,
        "template_id": template_id,
        "data": {name: {"value": value} for name, value in data.items()},
    }
    optional = {"url": url, "miniprogram": miniprogram, "client_msg_id": client_msg_id}
    payload |= {name: value for name, value in optional.items() if value}
    answer = await client.post_json("/cgi-bin/message/template/send", payload, expects="msgid")
    return int(answer["msgid"])
