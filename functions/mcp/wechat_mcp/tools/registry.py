"""All tools, in the order in which clients list them."""

from __future__ import annotations

from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tools import (
    article,
    auth,
    comment,
    draft,
    inbox,
    mass,
    menu,
    message,
    permanent_media,
    publish,
    qrcode,
    quota,
    static_page,
    stats,
    tag,
    template,
    template_message,
    temporary_media,
    tool_call,
    upload_img,
    user,
    verification_code,
)

TOOLS: dict[str, Declared] = {
    module.tool.name: module.tool
    for module in (
        auth,
        article,
        upload_img,
        temporary_media,
        permanent_media,
        draft,
        publish,
        tool_call,
        static_page,
        template,
        verification_code,
        inbox,
        menu,
        user,
        tag,
        message,
        mass,
        template_message,
        comment,
        qrcode,
        stats,
        quota,
    )
}
