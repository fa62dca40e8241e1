"""A small server with the chat's API, whose answers depend on what is asked, and the chat page's files.

It takes what the real one takes, and says what the real one says.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from chat_app.entering import Code
from chat_app.errors import MODEL_FAILURES, Refusal
from chat_app.owning import LISTING_FAILURES, TRIAL_FAILURES, AiChange, CodesWanted, Password
from chat_app.page import SITE
from chat_app.sending import Question
from wechat_oa.page_headers import site_headers

ELSEWHERE = "https://api.example.test"
"""Another origin on which the API may be."""
PASSWORD = "正确的密码"
CODE = "A1B2C3"
PIECE = 3
"""Characters of a piece."""
QRCODE = "qrcode.svg"
MARKDOWN = (Path(__file__).parent / "answer.md").read_text()
HOSTILE = (Path(__file__).parent / "hostile.md").read_text()


class ChatServer:
    """The API under a prefix, and what was asked of it."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.reset()

    def reset(self) -> None:
        """Forget what was asked; everything as open as it is by default."""
        self.asked: list[dict[str, Any]] = []
        self.times: dict[str, int] = {}
        self.left = 0
        self.saved: list[dict[str, Any]] = []
        self.codes_left = 3
        self.config: dict[str, Any] = {
            "aiService": "openai",
            "model": "deepseek-chat",
            "interactionMode": "stream",
            "accountName": "山里的茶馆",
            "qrcode": QRCODE,
            "access": "open",
            "settings": "open",
            "maxMessage": 100,
            "suggestions": [
                "今年的新茶什么时候上？",
                "绿茶和白茶有什么不一样？",
                "第一次喝普洱，怎么选？",
                "送长辈什么茶合适？",
            ],
        }
        self.answers: dict[str, list[str]] = {"abc": ["春茶", "在**清明**前后", "上市。"]}
        self.go = threading.Event()
        """What takes its time, saving settings or one of the answers, goes on once this is set."""
        self.go.set()
        self.password = PASSWORD
        self.pace = 0.0
        """Seconds between the pieces."""

    def app(self) -> Starlette:
        api = [
            Route("/chat/api/config", self._config, methods=["GET"]),
            Route("/chat/api/config", self._save, methods=["POST"]),
            Route("/chat/api/send", self._send, methods=["POST"]),
            Route("/chat/api/code", self._code, methods=["POST"]),
            Route("/chat/api/answer", self._answer, methods=["GET"]),
            Route("/chat/api/validate-password", self._password, methods=["POST"]),
            Route("/chat/api/settings", self._settings, methods=["GET"]),
            Route("/chat/api/codes", self._codes, methods=["POST"]),
            Route("/chat/api/models", self._models, methods=["POST"]),
            Route(f"/chat/{QRCODE}", _qrcode),
        ]
        page = Mount("/chat", StaticFiles(directory=SITE, html=True))
        return Starlette(
            routes=[Mount(self.prefix, routes=[*api, page])], middleware=[Middleware(_PagePolicy)]
        )

    async def _config(self, request: Request) -> Response:
        access = self.config["access"] == "open" or request.cookies.get("chat_access") == "yes"
        return JSONResponse({**self.config, "hasAccess": access})

    async def _send(self, request: Request) -> Response:
        body = await request.json()
        message = Question.model_validate(body).message
        self.asked.append(body)
        self.times[message] = self.times.get(message, 0) + 1
        if self.config["access"] == "code" and request.cookies.get("chat_access") != "yes":
            return _refusal(401, "access_required", "请先输入验证码。关注公众号，发送「验证码」就能拿到。")
        if message == "上限":
            return _refusal(429, "over_limit", "你今天的提问次数用完了，明天再来吧。")
        if message == "坏门":
            return Response("Internal Server Error", 502, media_type="text/plain")
        if message == "整块":
            whole = {"success": True, "message": "一整块的回答。", "interaction_mode": "block"}
            return JSONResponse(whole)
        return _stream(self._pieces(message, len(body["history"]), self.times[message], request))

    async def _pieces(self, message: str, history: int, time: int, request: Request) -> AsyncGenerator[str]:
        if message == "没完":
            try:
                while True:
                    yield _piece("还有。")
                    await asyncio.sleep(0.02)
            finally:
                self.left += 1
        if message == "等":
            while not await request.is_disconnected():
                yield ": still there\n\n"
                await asyncio.sleep(0.05)
        if message == "慢慢说":
            yield _piece("想一想，")
            await asyncio.to_thread(self.go.wait, 10)
        answer = {"Markdown": MARKDOWN, "恶意": HOSTILE}.get(
            message, f"你说：{message}。前面有 {history} 条。"
        )
        if message == "太长":
            yield _piece("说来话长，")
            yield _event({"success": False, "error": MODEL_FAILURES["too_long"], "code": "too_long"})
            yield "data: [DONE]\n\n"
            return
        if message in ("断了", "坏了") and time == 1:
            yield _piece("这是前半句，")
            yield _piece("后半句还没来")
            if message == "坏了":
                yield _event({"success": False, "error": MODEL_FAILURES["broken"], "code": "broken"})
                yield "data: [DONE]\n\n"
            return
        for start in range(0, len(answer), PIECE):
            yield _piece(answer[start : start + PIECE])
            await asyncio.sleep(self.pace)
        yield "data: [DONE]\n\n"

    async def _code(self, request: Request) -> Response:
        if self.codes_left == 0:
            return _refusal(429, "locked", "试得太多了，请过 60 秒再试。", retry_after=60)
        if Code.model_validate(await request.json()).code != CODE:
            self.codes_left -= 1
            text = "验证码不对、已经用过，或者过期了。给公众号发「验证码」就能拿到新的。"
            return _refusal(401, "wrong_code", text)
        response = JSONResponse({"success": True, "valid_until": 4_000_000_000})
        response.set_cookie("chat_access", "yes", httponly=True)
        return response

    async def _answer(self, request: Request) -> Response:
        pieces = self.answers.get(request.query_params["id"])
        if pieces is None:
            return _refusal(404, "not_found", "这个回答已经过期，或者链接不完整。请在公众号里再问一次。")

        async def events() -> AsyncGenerator[str]:
            yield _event({"success": True, "question": "春茶什么时候上市？"})
            for piece in pieces:
                await asyncio.sleep(self.pace)
                yield _piece(piece)
            yield "data: [DONE]\n\n"

        return _stream(events())

    async def _password(self, request: Request) -> Response:
        if Password.model_validate(await request.json()).password == self.password:
            return JSONResponse({"success": True, "message": "Password validated"})
        return _wrong_password()

    async def _settings(self, request: Request) -> Response:
        if not self._is_owner(request):
            return _wrong_password()
        section = {
            "api_url": "https://api.deepseek.com/v1",
            "model": "deepseek-chat",
            "system_prompt": "你是茶馆的掌柜。",
            "temperature": None,
            "max_tokens": 1000,
            "has_key": True,
        }
        return JSONResponse({"chat": section, "wechat": {**section, "model": "qwen-plus", "has_key": False}})

    async def _save(self, request: Request) -> Response:
        if not self._is_owner(request):
            return _wrong_password()
        body = await request.json()
        change = AiChange.model_validate(body)
        await asyncio.to_thread(self.go.wait, 10)
        if change.model == "没有的模型":
            return _refusal(400, "refused", f"没有保存。{TRIAL_FAILURES['refused']}")
        self.saved.append(body)
        if change.section == "chat":
            self.config["model"] = change.model
        return JSONResponse({"success": True, "message": "配置保存成功"})

    async def _models(self, request: Request) -> Response:
        if not self._is_owner(request):
            return _wrong_password()
        change = AiChange.model_validate(await request.json())
        if "deepseek" not in change.api_url:
            return _refusal(400, "unreachable", LISTING_FAILURES["unreachable"])
        return JSONResponse({"models": ["deepseek-chat", "deepseek-reasoner"]})

    async def _codes(self, request: Request) -> Response:
        if not self._is_owner(request):
            return _wrong_password()
        wanted = CodesWanted.model_validate(await request.json())
        codes = [f"CODE{number:02}" for number in range(wanted.count)]
        return JSONResponse({"success": True, "codes": codes, "valid_days": 90})

    def _is_owner(self, request: Request) -> bool:
        given = request.headers.get("x-config-password", "").encode("latin-1").decode()
        return given == self.password


class _PagePolicy(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        response.headers.update(site_headers(apis=[ELSEWHERE]))
        return response


def _event(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


def _piece(text: str) -> str:
    return _event({"success": True, "message": text, "interaction_mode": "stream"})


def _stream(events: AsyncGenerator[str]) -> Response:
    return StreamingResponse(events, media_type="text/event-stream")


def _refusal(status: int, code: str, text: str, *, message: str = "", retry_after: int = 0) -> Response:
    return Refusal(status, code, text, message=message, retry_after=retry_after).response()


def _wrong_password() -> Response:
    return _refusal(401, "wrong_password", "密码不对。", message="Invalid password")


async def _qrcode(_request: Request) -> Response:
    cells = [
        f'<rect x="{x}" y="{y}" width="1" height="1"/>'
        for x in range(25)
        for y in range(25)
        if (x * 7 + y * 13 + x * y) % 5 < 2
    ]
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 27 27">{"".join(cells)}</svg>'
    return Response(svg, media_type="image/svg+xml")
