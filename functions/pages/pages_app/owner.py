"""Who may see and change everything: checks, of which one must be satisfied."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pages_app.http import Refusal, Request
from wechat_oa.owner import OwnerPassword, SettingsClosedError, WrongPasswordError
from wechat_oa.settings import McpToken
from wechat_oa.tokens import Tokens
from wechat_oa.tries import TooManyTriesError

OwnerCheck = Callable[[Request], bool]
"""Whether the request proves to be the owner's: True, or False where it does not try in this way.

A proof that is wrong raises Refusal. Raises StoreError."""


def by_password(password: OwnerPassword) -> OwnerCheck:
    """Return the check of ``X-Config-Password``, or of ``password`` in a JSON body."""

    def check(request: Request) -> bool:
        given = _given(request)
        if not given:
            return False
        try:
            password.check(request.visitor, given)
        except SettingsClosedError:
            raise Refusal(
                403, "closed", "没有设置密码，网页管理没有打开：部署时给 OPENAI_CONFIG_PASSWORD 设一个密码"
            ) from None
        except WrongPasswordError:
            raise Refusal(401, "wrong_password", "密码不对") from None
        except TooManyTriesError as error:
            text = f"试错太多次了，请 {error.seconds} 秒后再试"
            raise Refusal(429, "too_many_tries", text, retry_after=error.seconds) from None
        return True

    return check


def by_token(tokens: Sequence[McpToken]) -> OwnerCheck:
    """Return the check of ``Authorization: Bearer`` with a token of the owner's that may change things."""
    known = Tokens(tokens)

    def check(request: Request) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return False
        token = known.find(given.strip())
        if token is None:
            raise Refusal(401, "wrong_token", "令牌不对：要用 MCP_AUTH_TOKENS 里的一个")
        if token.scope == "read":
            raise Refusal(403, "read_only", "这个令牌只能读：换一个有 write 权限的")
        return True

    return check


def is_owner(checks: Sequence[OwnerCheck], request: Request) -> bool:
    """Return whether the request is the owner's. Raises Refusal for a wrong proof, StoreError."""
    return any(check(request) for check in checks)


def require_owner(checks: Sequence[OwnerCheck], request: Request) -> None:
    """Raise Refusal unless the request is the owner's. Raises StoreError."""
    if not is_owner(checks, request):
        raise Refusal(401, "password_needed", "需要密码（X-Config-Password）或令牌（Authorization: Bearer）")


def _given(request: Request) -> str:
    header = request.headers.get("x-config-password", "")
    if header:
        # A header takes bytes only: browsers are told to send UTF-8, which HTTP libraries read as Latin-1.
        try:
            return header.encode("latin-1").decode()
        except UnicodeError:
            return header
    # Uploads are large, and nothing in them is read before the owner is known.
    if request.headers.get("content-type", "").startswith("application/json") and len(request.body) < 10_000:
        value = request.json.get("password")
        return value if isinstance(value, str) else ""
    return ""
