"""The one page on which the owner approves a client, with the account's password."""

from __future__ import annotations

import base64
import hashlib
import html
import logging
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from wechat_mcp.auth.grants import Grants
from wechat_mcp.services import McpServices
from wechat_mcp.tooling.scopes import MEANINGS, SCOPES, Scope, included
from wechat_oa.owner import PasswordError
from wechat_oa.store.table import StoreError
from wechat_oa.tries import TooManyTriesError

log = logging.getLogger(__name__)

_LONGEST_FORM = 8_000
_ENGLISH: dict[Scope, str] = {
    "read": "Read only",
    "write": "Read and change (drafts, media, menus, followers…)",
    "publish": "Everything, also publishing, mass sending and deleting what is published",
}
_STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.6 system-ui,-apple-system,"PingFang SC","Microsoft YaHei",sans-serif;
margin:0;padding:24px 16px}
main{max-width:26rem;margin:0 auto}h1{font-size:1.3rem;margin:.2em 0}small{opacity:.75;display:block}
label{display:block;margin:.6em 0}
.where{word-break:break-all;font-family:ui-monospace,monospace;font-size:.9rem}
input[type=password]{box-sizing:border-box;width:100%;font:inherit;padding:.6em;margin-top:.2em}
button{font:inherit;padding:.6em 1.2em;margin:.8em .6em 0 0;
border-radius:.5em;border:1px solid #07a35a;cursor:pointer}
button[value=yes]{background:#07a35a;color:#fff}button[value=no]{background:none;color:inherit;border-color:#8888}
.wrong{color:#c0392b;font-weight:600}fieldset{border:1px solid #8888;border-radius:.5em;margin:1em 0}
"""
_CSP = (
    "default-src 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    + "'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _CSP,
    "Cache-Control": "no-store",
    # With no-referrer, browsers would send the form with "Origin: null".
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def approval_routes(services: McpServices, grants: Grants) -> list[Route]:
    """Return the page and what its form is sent to."""

    async def show(request: Request) -> Response:
        name = request.query_params.get("request", "")
        document = grants.request(name)
        return _page(name, document) if document else _gone()

    async def decide(request: Request) -> Response:
        # That the form is this page's is known by the secret in it, and by the Origin, looked at before.
        body = await request.body()
        if len(body) > _LONGEST_FORM:
            return _gone()
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        name = form.get("request", "")
        document = grants.request(name)
        if document is None:
            return _gone()
        if form.get("decision") != "yes":
            grants.take_request(name)
            return _back(document, error="access_denied")
        try:
            services.password.check(_visitor(request), form.get("password", ""))
        except TooManyTriesError as error:
            return _page(
                name, document, f"错了太多次，请等 {error.seconds} 秒再试。 · Wait {error.seconds} s.", 429
            )
        except PasswordError:
            return _page(name, document, "密码不对，请再试一次。 · Wrong password, try again.", 403)
        except StoreError as error:
            log.warning("approval not possible: %s", error)
            return _page(name, document, "暂时不能用，请过一会儿再试。 · Not now, try again later.", 503)
        taken = grants.take_request(name)
        if taken is None:
            return _gone()
        code = grants.save_code({**taken, "scopes": _granted(taken, form.get("scope", ""))})
        return _back(taken, code=code)

    return [
        Route("/approve", show, methods=["GET"]),
        Route("/approve", decide, methods=["POST"]),
    ]


def _granted(document: dict[str, Any], chosen: str) -> list[str]:
    """What the owner chose, of what was asked for: a client that names its scopes must get no others."""
    asked: Scope = document["scope"]
    scope: Scope = chosen if chosen in included(asked) else "read"  # type: ignore[assignment]
    granted = included(scope)
    named = document.get("asked") or granted
    return [each for each in granted if each in named] or [scope]


def _visitor(request: Request) -> str:
    """Who tries passwords: the address that the platform in front vouches for."""
    return f"mcp#{request.client.host if request.client else ''}"


def _back(document: dict[str, Any], **parameters: str) -> Response:
    state = {"state": document["state"]} if document.get("state") else {}
    uri = document["redirect_uri"]
    joint = "&" if urlsplit(uri).query else "?"
    # 303: the form's POST must not be repeated at the client, the password is in it.
    return RedirectResponse(
        f"{uri}{joint}{urlencode({**parameters, **state})}",
        303,
        {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
    )


def _gone() -> Response:
    text = (
        "<h1>授权请求已经过期</h1><p>请回到客户端重新连接。"
        "<small>This request has expired: connect again.</small></p>"
    )
    return Response(_document(text), 400, _HEADERS, media_type="text/html; charset=utf-8")


def _page(name: str, document: dict[str, Any], problem: str = "", status: int = 200) -> Response:
    who = html.escape(document["client_name"] or "一个没有名字的客户端")
    where = html.escape(_where(document["redirect_uri"]))
    asked: Scope = document["scope"]
    choices = "".join(
        f'<label><input type="radio" name="scope" value="{scope}"{" checked" if scope == asked else ""}> '
        f"{MEANINGS[scope]}<small>{_ENGLISH[scope]}</small></label>"
        for scope in SCOPES
        if scope in included(asked)
    )
    wrong = f'<p class="wrong" role="alert">{html.escape(problem)}</p>' if problem else ""
    text = f"""<h1>要让「{who}」使用你的公众号吗？</h1>
<small>Let this client use your Official Account? The name is what it calls itself.</small>
<p>同意后会回到：<span class="where">{where}</span><small>Only go on if you have just started this yourself.
只有刚刚是你自己发起的连接，才继续。</small></p>{wrong}
<form method="post" action="/approve" autocomplete="off">
<input type="hidden" name="request" value="{html.escape(name)}">
<fieldset><legend>允许做什么 · What it may do</legend>{choices}</fieldset>
<label>账号密码（OPENAI_CONFIG_PASSWORD） · Password
<input type="password" name="password" maxlength="200" autocomplete="current-password"></label>
<button name="decision" value="yes">同意 · Approve</button>
<button name="decision" value="no">拒绝 · Refuse</button>
</form>"""
    return Response(_document(text), status, _HEADERS, media_type="text/html; charset=utf-8")


def _where(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else uri


def _document(body: str) -> str:
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>授权 · Authorize</title><style>{_STYLE}</style></head><body><main>{body}</main></body></"
        f"html>"
    )
