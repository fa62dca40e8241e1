"""Into the web chat with a code from the account, and what the page must know before anything is asked."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from chat_app.bodies import read_body
from chat_app.errors import Refusal
from chat_app.sending import MAX_MESSAGE
from chat_app.services import ChatServices
from chat_app.visitors import grant_access, has_access, visitor
from wechat_oa.tries import TooManyTriesError


class Code(BaseModel):
    """The code that a visitor enters."""

    code: Annotated[str, Field(min_length=1, max_length=100)]


def read_config(services: ChatServices, request: Request) -> Response:
    """Return what everybody may know of the chat; keys and prompts are not among it. Raises StoreError."""
    settings, ai = services.settings, services.ai
    return JSONResponse(
        {
            "aiService": "openai",
            "model": ai.model,
            "interactionMode": ai.interaction_mode,
            "accountName": settings.official_account_name,
            "qrcode": settings.official_account_qrcode,
            "access": settings.chat_access,
            "hasAccess": has_access(services, request),
            "settings": "open" if services.password.configured else "closed",
            "maxMessage": MAX_MESSAGE,
            "suggestions": list(settings.chat_suggestions),
        }
    )


async def enter_code(services: ChatServices, request: Request) -> Response:
    """Use a code, once, and let the visitor in by a signed cookie. Raises Refusal, StoreError."""
    given = await read_body(request, Code)
    who = visitor(services, request)
    try:
        services.code_tries.reserve(who)
    except TooManyTriesError as error:
        text = f"试得太多了，请过 {error.seconds} 秒再试。"
        raise Refusal(429, "locked", text, retry_after=error.seconds) from None
    access = services.codes.use(given.code)
    if access is None:
        text = "验证码不对、已经用过，或者过期了。给公众号发「验证码」就能拿到新的。"
        raise Refusal(401, "wrong_code", text)
    services.code_tries.right(who)
    response = JSONResponse({"success": True, "valid_until": access.until})
    grant_access(services, request, response, access)
    return response
