"""What a visitor's browser does: asks in the chat, opens the index; and the health checks."""

from __future__ import annotations

import json
import time

import httpx

from deploy.self_test.result import Result, failed, ok, skipped, unreachable, wrong_status

_QUESTION = "这是部署后的自检，请只回复：自检通过"
_CHAT_SECONDS = 130.0
"""A slow model's answer, and as long as the account itself waits for one."""
_SECONDS = 20.0


async def chat(http: httpx.AsyncClient, url: str) -> Result:
    """Ask one question over the chat's API and read the stream to its end; costs one call of the model."""
    began = time.perf_counter()
    first, said, error, done = 0.0, "", "", False
    try:
        async with http.stream(
            "POST", f"{url}chat/api/send", json={"message": _QUESTION, "history": []}, timeout=_CHAT_SECONDS
        ) as answered:
            if answered.status_code != 200:
                await answered.aread()
                return _not_asked(answered)
            if not answered.headers.get("content-type", "").startswith("text/event-stream"):
                return _block(await answered.aread())
            async for line in answered.aiter_lines():
                if line == "data: [DONE]":
                    done = True
                elif line.startswith("data: "):
                    piece = json.loads(line.removeprefix("data: "))
                    first = first or time.perf_counter() - began
                    said += piece.get("message", "") if piece.get("success") else ""
                    error = error or ("" if piece.get("success") else str(piece.get("error", "")))
    except httpx.HTTPError as problem:
        return unreachable(problem)
    except ValueError:
        return failed("回答不是事件流：看 make logs FUNCTION=chat · the answer is no stream of events")
    if error:
        return failed(f"{error} 看 make logs FUNCTION=chat · the model failed")
    if not (said and done):
        return failed("回答断了：看 make logs FUNCTION=chat · the answer broke off")
    return ok(
        f"第一段 {first:.1f} 秒，全部 {time.perf_counter() - began:.1f} 秒：{' '.join(said.split())[:60]}"
    )


def _not_asked(answered: httpx.Response) -> Result:
    found = _json(answered.content)
    match found.get("code"):
        case "access_required":
            return skipped("要验证码才能聊（CHAT_ACCESS=code），门关着是对的 · needs a code, as configured")
        case "over_limit":
            return failed("今天的次数用完了（CHAT_DAILY_LIMIT） · today's limit is reached")
    if error := found.get("error"):
        return failed(f"{error} 看 make logs FUNCTION=chat · HTTP {answered.status_code}")
    return wrong_status(answered, "chat")


def _block(body: bytes) -> Result:
    found = _json(body)
    if found.get("interaction_mode") == "block" and found.get("message"):
        return ok("整段回答（OPENAI_INTERACTION_MODE=block） · answered in one piece, as configured")
    return failed("这个地址上不是聊天接口 · no chat API answers there")


async def pages(http: httpx.AsyncClient, index_url: str, api_url: str) -> Result:
    """Open the index as a visitor does, and ask the pages API for the list."""
    try:
        if index_url:
            index = await http.get(index_url, timeout=_SECONDS)
            if index.status_code != 200:
                return wrong_status(index, "pages")
            if not index.headers.get("content-type", "").startswith("text/html"):
                return failed("首页不是网页 · the index is no web page")
        listed = await http.get(api_url, timeout=_SECONDS)
    except httpx.HTTPError as problem:
        return unreachable(problem)
    if listed.status_code == 401 and _json(listed.content).get("code") == "password_needed":
        return ok("首页打得开，列表只给主人看（PAGES_INDEX=owner） · the list is the owner's alone")
    if listed.status_code != 200:
        return wrong_status(listed, "pages")
    found = _json(listed.content).get("pages")
    if not isinstance(found, list):
        return failed("网页接口的回答不对 · the pages API answers something else")
    return ok(f"{len(found)} 个网页 · pages")


async def health(http: httpx.AsyncClient, url: str, function: str) -> Result:
    """Ask whether a function runs and reaches the table."""
    try:
        answered = await http.get(url, timeout=_SECONDS)
    except httpx.HTTPError as problem:
        return unreachable(problem)
    if answered.status_code == 503:
        return failed(f"读不到数据表：看 make logs FUNCTION={function} · the table cannot be reached")
    if answered.status_code != 200:
        return wrong_status(answered, function)
    return (
        ok()
        if _json(answered.content).get("status") == "ok"
        else failed("这个地址上是别的程序 · another program")
    )


def _json(body: bytes) -> dict[str, object]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
