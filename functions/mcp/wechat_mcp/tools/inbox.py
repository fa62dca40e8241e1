"""wechat_inbox: what followers wrote lately, and how it was answered."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Refused, Result
from wechat_oa.api import message
from wechat_oa.inbox import DAYS, Exchange, Inbox

tool = Declared(
    "wechat_inbox",
    "收件箱",
    f"粉丝最近 {DAYS} 天写了什么、怎么回答的（AI、关键词、没答成的原因）：列表、详情、搜索，"
    "以及人工回复（客服消息，48 小时内、账号有权限时）。"
    "粉丝只用代号表示，不显示 openid。粉丝回复「清空」后，他的内容就不在这里了。",
)

ExchangeId = Annotated[str, Field(description="一条来往的 id", min_length=1, max_length=40)]
Day = Annotated[str, Field(description="哪一天（北京时间），YYYY-MM-DD；不填是最近几天", max_length=10)]
Follower = Annotated[str, Field(description="粉丝的代号（列表里的 follower）或 openid", max_length=128)]
Count = Annotated[int, Field(description="最多几条", ge=1, le=50)]


@tool.action("list", "最近的来往，新的在前", scope="read")
async def list_(
    call: Call,
    day: Day = "",
    count: Count = 20,
    before: Annotated[str, Field(description="翻页：上一页最后一条的 id", max_length=40)] = "",
) -> Result:
    """The latest exchanges."""
    found = _inbox(call).recent(limit=count, before=before, day=_day(day))
    return _listed(found, "还没有来往。" if not found else f"最近的 {len(found)} 条来往，新的在前。")


@tool.action("get", "一条来往的全文", scope="read", given=("id",))
async def get(call: Call, id: ExchangeId) -> Result:
    """One exchange, whole."""
    exchange = _known(call, id)
    data = _data(exchange) | {"question": exchange.question, "answer": exchange.answer}
    return Result(f"粉丝 {exchange.follower} 问：{exchange.question}\n\n回答：{exchange.answer}", data)


@tool.action("search", "搜索问题和回答里的文字", scope="read", given=("query", "follower"))
async def search(
    call: Call,
    query: Annotated[str, Field(description="要找的文字，不分大小写", max_length=200)] = "",
    day: Day = "",
    follower: Follower = "",
    count: Count = 20,
) -> Result:
    """Find exchanges by text, day and follower."""
    found = _inbox(call).search(limit=count, text=query, follower=follower, day=_day(day))
    return _listed(found, f"找到 {len(found)} 条。" if found else "没有找到。")


@tool.action("reply", "人工回复粉丝（客服消息）", scope="publish")
async def reply(
    call: Call,
    id: ExchangeId,
    content: Annotated[str, Field(description="回复的文字，2048 字节以内", min_length=1, max_length=2048)],
) -> Result:
    """Answer a follower in the account's name."""
    exchange = _known(call, id)
    await message.send_text(call.client, exchange.openid, content)
    return Result(f"已回复粉丝 {exchange.follower}。", _data(exchange))


def _inbox(call: Call) -> Inbox:
    return Inbox(call.services.table, call.services.clock)


def _known(call: Call, exchange_id: str) -> Exchange:
    exchange = _inbox(call).get(exchange_id)
    if exchange is None:
        raise Refused(
            f"没有 id 为 {exchange_id} 的来往：只保留 {DAYS} 天，粉丝清空的也不在了。用 list 看有哪些。"
        )
    return exchange


def _day(written: str) -> str:
    if not written:
        return ""
    try:
        return date.fromisoformat(written).isoformat()
    except ValueError:
        raise Refused(f"day 要写成 YYYY-MM-DD（收到 {written}）。") from None


def _listed(found: list[Exchange], summary: str) -> Result:
    items = [_data(each) | {"question": each.question[:200], "answer": each.answer[:200]} for each in found]
    return Result(summary, {"items": items})


def _data(exchange: Exchange) -> dict[str, Any]:
    failed = {"failure": exchange.failure} if exchange.failure else {}
    at = exchange.at.isoformat(timespec="seconds")
    return {"id": exchange.id, "follower": exchange.follower, "at": at, **failed}
