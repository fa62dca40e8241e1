"""All checks, in the order in which an account comes to life."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from deploy.self_test import mcp, web
from deploy.self_test.result import Report, Result
from deploy.self_test.wechat import MODES, Account, WeChat
from wechat_oa.settings import Settings

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Targets:
    """Where an account runs, and what opens it."""

    account: Account
    chat_url: str
    """What stands before ``chat/api/send``, with a slash at its end."""
    mcp_url: str
    index_url: str
    """Empty: there is no index of its own."""
    pages_url: str
    """The pages API."""
    health_urls: Mapping[str, str]
    """By the function that answers."""
    mcp_token: str = ""
    mcp_open: bool = False
    """Whether MCP is for this machine alone, and asks for no token."""


def deployed_targets(outputs: Mapping[str, str], settings: Settings) -> Targets:
    """Return where the stack with these outputs runs."""
    mcp_url, chat_api, site = outputs["McpUrl"], outputs["ChatApiUrl"], outputs.get("SiteUrl", "")
    health_urls = {"mcp": f"{mcp_url.removesuffix('/mcp')}/health"}
    if chat_api != site:
        # In China both are the API's, where /health is the MCP server's own.
        health_urls["chat"] = f"{chat_api}health"
    return Targets(
        _account(outputs["CallbackUrl"], settings),
        # Through the site, as visitors come: that tests the way to the API too.
        chat_url=site or chat_api,
        mcp_url=mcp_url,
        index_url=site,
        pages_url=outputs["PagesApiUrl"],
        health_urls=health_urls,
        mcp_token=_token(settings),
    )


def local_targets(settings: Settings) -> Targets:
    """Return where ``make run`` with these settings serves, on this machine."""
    base = f"http://{_reachable(settings.msg_server_host)}:{settings.msg_server_port}"
    mcp_base = f"http://{_reachable(settings.mcp_host)}:{settings.mcp_port}"
    site = f"{base}{settings.context_path}/"
    by_password = settings.config_password and settings.mcp_public_url
    closed = settings.mcp_auth_tokens or settings.mcp_oauth_issuer or by_password
    return Targets(
        _account(f"{site}wechat/reply", _with_identity(settings)),
        chat_url=site,
        mcp_url=f"{mcp_base}/mcp",
        index_url=site,
        pages_url=f"{site}api/pages",
        health_urls={"local": f"{base}/health", "mcp": f"{mcp_base}/health"},
        mcp_token=_token(settings),
        mcp_open=not closed and settings.mcp_host in _LOOPBACK,
    )


async def self_test(
    targets: Targets,
    report: Report,
    *,
    clock: Callable[[], float] = time.time,
    http: httpx.AsyncClient | None = None,
) -> bool:
    """Do every check, tell ``report`` of each as it is done, and return whether none failed.

    The model is called twice: once for a follower, once in the chat. ``clock`` gives epoch seconds.
    """
    passed = True

    def note(name: str, result: Result) -> None:
        nonlocal passed
        passed = passed and result.state != "failed"
        report(result.state, name, result.text)

    async with _client(http, targets.account.callback_url) as client:
        wechat = WeChat(client, targets.account, clock)
        for function, url in targets.health_urls.items():
            note(f"健康检查 {function} · health", await web.health(client, url, function))
        for mode, name in MODES.items():
            note(f"微信握手，{name} · handshake, {mode}", await wechat.handshake(mode))
        note("伪造的消息 · forged message", await wechat.forgery())
        account = targets.account
        asked = await wechat.question("safe" if account.aes_key and account.app_id else "plain")
        note("粉丝提问 · a follower asks", asked)
        if asked.state == "ok":
            await wechat.forget()
        note("网页聊天 · web chat", await web.chat(client, targets.chat_url))
        note("网页 · pages", await web.pages(client, targets.index_url, targets.pages_url))
        note(
            "MCP，没有令牌 · without a token",
            await mcp.without_token(client, targets.mcp_url, open_to_all=targets.mcp_open),
        )
        note(
            "MCP，工具 · tools",
            await mcp.with_token(client, targets.mcp_url, targets.mcp_token, open_to_all=targets.mcp_open),
        )
    return passed


@asynccontextmanager
async def _client(http: httpx.AsyncClient | None, url: str) -> AsyncGenerator[httpx.AsyncClient]:
    if http:
        yield http
        return
    # No proxy in the environment comes between this machine and itself.
    async with httpx.AsyncClient(trust_env=httpx.URL(url).host not in _LOOPBACK) as made:
        yield made


def _account(callback_url: str, settings: Settings) -> Account:
    return Account(callback_url, settings.wechat_token, settings.app_id, settings.encoding_aes_key)


def _token(settings: Settings) -> str:
    return settings.mcp_auth_tokens[0].token if settings.mcp_auth_tokens else ""


def _reachable(host: str) -> str:
    if host in ("0.0.0.0", "::", ""):  # noqa: S104  # nosec B104
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _with_identity(settings: Settings) -> Settings:
    """Fill in what the local server made up for the account that it plays, and keeps in its data folder."""
    try:
        kept = json.loads(Path(settings.data_dir, "local-account.json").read_text("utf-8"))
    except (OSError, ValueError):
        return settings
    own = bool(settings.app_id)
    return replace(
        settings,
        wechat_token=settings.wechat_token or kept["token"],
        app_id=settings.app_id or kept["app_id"],
        encoding_aes_key=settings.encoding_aes_key or ("" if own else kept["encoding_aes_key"]),
    )
