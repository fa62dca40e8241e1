"""What can go wrong with a request, as the visitor is told it."""

from __future__ import annotations

from starlette.responses import JSONResponse

from wechat_oa.ai.errors import Failure


class Refusal(Exception):  # noqa: N818  (an answer, not a fault)
    """The request is answered with an error: a status, a word for programs, a line for people."""

    def __init__(self, status: int, code: str, text: str, *, message: str = "", retry_after: int = 0) -> None:
        """``message`` is for programs that look for certain words; people are shown ``text``."""
        super().__init__(code)
        self.status = status
        self.code = code
        self.text = text
        self.message = message or text
        self.retry_after = retry_after

    def response(self) -> JSONResponse:
        """Return the response that says so."""
        headers = {"retry-after": str(self.retry_after)} if self.retry_after else None
        # Some clients read ``error``, others ``message``.
        body = {"success": False, "error": self.text, "message": self.message, "code": self.code}
        return JSONResponse(body, self.status, headers)


MODEL_FAILURES: dict[Failure, str] = {
    "busy": "AI 服务现在比较忙，请过一会儿再试。",
    "unreachable": "AI 服务暂时连不上，请过一会儿再试。",
    "timeout": "AI 想了太久，请换个简单些的问法再试。",
    "refused": "这个问题 AI 没法回答，请换个问法。",
    "misconfigured": "AI 服务还没有配置好，请联系公众号的主人。",
    "empty": "AI 没有给出内容，请换个问法再试。",
    "too_long": "回答太长，先写到这里；可以让我接着说。",
    "broken": "回答中断了，请再试一次。",
}
"""What a visitor is told when the model fails."""

NO_STORE = Refusal(503, "unavailable", "服务暂时不可用，请过一会儿再试。", retry_after=5)
"""The table cannot be reached."""
