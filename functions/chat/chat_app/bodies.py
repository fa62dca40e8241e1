"""The body of a request: JSON, of a size and a shape that is checked before anything else happens."""

from __future__ import annotations

import json
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from chat_app.errors import Refusal

MAX_BODY = 512 * 1024
"""Bytes. A hundred long messages of history are less."""

T = TypeVar("T", bound=BaseModel)


async def read_body(request: Request, model: type[T]) -> T:
    """Return the body as ``model``. Raises Refusal: 415, 413 or 400, with a reason."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        # Also what keeps pages elsewhere from sending anything in a visitor's name without asking first.
        raise Refusal(415, "not_json", "请求要用 JSON：Content-Type 应当是 application/json。")
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > MAX_BODY:
                raise Refusal(413, "too_large", f"内容太长：整个请求最多 {MAX_BODY >> 10} KB。")
    except ClientDisconnect:
        raise Refusal(400, "bad_request", "请求没有发完整。") from None
    try:
        value = json.loads(bytes(body))
    except (ValueError, RecursionError):
        raise Refusal(400, "not_json", "请求不是正确的 JSON。") from None
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Refusal(400, "bad_request", _reason(error)) from None


def _reason(error: ValidationError) -> str:
    """The first thing that is wrong, without the value itself."""
    first = error.errors(include_url=False, include_context=True, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["loc"] == ("message",) and first["type"] in ("missing", "string_too_short"):
        return "请提供消息内容"
    limits = first.get("ctx", {})
    match first["type"]:
        case "missing":
            return f"缺少 {where}。"
        case "string_too_long":
            return f"{where} 太长：最多 {limits['max_length']} 个字。"
        case "too_long":
            return f"{where} 太多：最多 {limits['max_length']} 条。"
        case "string_pattern_mismatch":
            return f"{where} 只能有英文字母、数字和符号，中间没有空格。"
        case "literal_error":
            return f"{where} 只能是 {limits['expected'].replace(' or ', ' 或 ')}。"
        case "greater_than_equal":
            return f"{where} 最小是 {limits['ge']:g}。"
        case "less_than_equal":
            return f"{where} 最大是 {limits['le']:g}。"
    return f"{where} 的格式不对。" if where else "请求要是一个 JSON 对象。"
