"""One call of a tool, from its arguments to its result: scope, dry run, confirmation, errors that teach."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastmcp.exceptions import ToolError
from fastmcp.tools.base import ToolResult

from wechat_mcp.tooling.arguments import renamed, validated
from wechat_mcp.tooling.confirming import Ask
from wechat_mcp.tooling.declaring import Action, Declared
from wechat_mcp.tooling.dry_run import DryRunClient, WouldSend
from wechat_mcp.tooling.results import Refused, Result
from wechat_mcp.tooling.scopes import allows, included, widest
from wechat_oa.api.client import WeChatClient
from wechat_oa.api.errors import WeChatError, WeChatUnavailable
from wechat_oa.api.limits import LimitError
from wechat_oa.store.table import StoreError

if TYPE_CHECKING:
    from wechat_mcp.services import McpServices

log = logging.getLogger(__name__)

Report = Callable[[float, float, str], Awaitable[None]]
"""Tells the client how far a long action is: progress, total, and words in Chinese."""


@dataclass(frozen=True)
class Caller:
    """Who calls, and what can be asked of them."""

    scopes: tuple[str, ...]
    ask: Ask
    report: Report


@dataclass(frozen=True)
class Call:
    """What an action has to work with."""

    services: McpServices
    caller: Caller
    dry_run: bool = False

    @property
    def client(self) -> WeChatClient:
        """WeChat's API; in a dry run it shows what would be sent in place of sending it."""
        return DryRunClient() if self.dry_run else self.services.client()

    async def report(self, progress: float, total: float, words: str) -> None:
        """Tell the client how far this is."""
        await self.caller.report(progress, total, words)


async def perform(
    declared: Declared, arguments: Mapping[str, Any], services: McpServices, caller: Caller
) -> ToolResult:
    """Do what a call asks for. Raises ToolError, with a text in Chinese that says what to do instead."""
    try:
        return await _perform(declared, arguments, services, caller)
    except Refused as refused:
        raise ToolError(str(refused)) from None
    except LimitError as error:
        raise ToolError(f"没有发送：{error}。") from None
    except WeChatUnavailable as error:
        # WeChat has not said no: it may even have done it.
        raise ToolError(str(error)) from error
    except WeChatError as error:
        raise ToolError(f"微信没有接受：{error}") from error
    except StoreError as error:
        log.warning("the store refused: %s", error)
        raise ToolError("存储暂时不可用，什么也没有改动。请过一会儿再试。") from error


async def _perform(
    declared: Declared, arguments: Mapping[str, Any], services: McpServices, caller: Caller
) -> ToolResult:
    given = renamed(arguments, declared.names, declared.name)
    confirm, dry_run = _flag(given, "confirm"), _flag(given, "dry_run")
    action = declared.pick(given, given.pop("action", None))
    _check_scope(declared, action, caller.scopes)
    values = validated(action.model, _without_empty(given, action))
    call = Call(services, caller, dry_run and action.scope != "read")
    if call.dry_run:
        return await _shown(action, call, values)
    if action.warns and not confirm:
        warning = _warning(action, values)
        answer = await caller.ask(warning)
        if isinstance(answer, ToolResult):
            return answer
        if not answer:
            refused = answer is False
            return _result(action, _unconfirmed(warning, refused=refused), confirmed=False)
    return _result(action, await action.perform(call, values))


async def _shown(action: Action, call: Call, values: Mapping[str, Any]) -> ToolResult:
    """Run the action up to the first thing it would send to WeChat, and show that."""
    try:
        result = await action.perform(call, values)
    except WouldSend as would:
        # The first of several requests: the later ones depend on what WeChat answers to it.
        return _result(
            action,
            Result("预演，没有发送。会向微信发送的（第一个）请求见 request。", {"request": would.shown()}),
        )
    return _result(action, result)


def _result(action: Action, result: Result, **more: Any) -> ToolResult:
    return ToolResult(content=result.content(), structured_content={**result.structured(action.name), **more})


def _warning(action: Action, values: Mapping[str, Any]) -> str:
    return action.warns.format(**values)


def _unconfirmed(warning: str, *, refused: bool) -> Result:
    if refused:
        return Result(f"没有执行，因为没有得到确认。{warning}")
    return Result(f"还没有执行。{warning}确定要做，就用同样的参数再调用一次，并加上 confirm=true。")


def _check_scope(declared: Declared, action: Action, scopes: Iterable[str]) -> None:
    granted = tuple(scopes)
    if allows(granted, action.scope):
        return
    has = widest(granted)
    raise Refused(
        f"这个令牌的权限是 {has or '无'}，{declared.name} 的 {action.name} 需要 {action.scope}"
        f"（{'、'.join(included(action.scope))}）。请账号的主人换一个权限够的令牌（MCP_AUTH_TOKENS），"
        "或者重新授权并选择更大的权限。"
    )


def _without_empty(given: Mapping[str, Any], action: Action) -> dict[str, Any]:
    """An empty text is how many clients say that an optional parameter is not given."""
    return {name: value for name, value in given.items() if name in action.model.model_fields and value != ""}


def _flag(given: dict[str, Any], name: str) -> bool:
    value = given.pop(name, False)
    if isinstance(value, str):
        return value.strip().lower() in ("true", "1", "yes", "是")
    return value is True or value == 1
