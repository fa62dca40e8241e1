"""wechat_stats: the account's numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from pydantic import Field

from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Refused, Result
from wechat_oa.api import statistics
from wechat_oa.api.statistics import BEIJING, MAX_DAYS, Report

tool = Declared(
    "wechat_stats",
    "数据统计",
    "公众号的数据：粉丝增减、文章阅读和分享、收到的消息、接口调用。每天早上 8 点出前一天的数据。需要认证的"
    "账号。",
)

_MEANINGS: dict[Report, str] = {
    "getusersummary": "粉丝增减",
    "getusercumulate": "累计粉丝",
    "getarticleread": "文章阅读",
    "getarticleshare": "文章分享",
    "getbizsummary": "文章总览",
    "getarticletotaldetail": "文章明细",
    "getupstreammsg": "收到的消息",
    "getupstreammsghour": "收到的消息（按小时）",
    "getupstreammsgweek": "收到的消息（按周）",
    "getupstreammsgmonth": "收到的消息（按月）",
    "getupstreammsgdist": "消息分布",
    "getupstreammsgdistweek": "消息分布（按周）",
    "getupstreammsgdistmonth": "消息分布（按月）",
    "getinterfacesummary": "接口调用",
    "getinterfacesummaryhour": "接口调用（按小时）",
}
_LIST = "、".join(f"{name} {meaning}（最多 {MAX_DAYS[name]} 天）" for name, meaning in _MEANINGS.items())


@tool.action("get", "取一种统计", scope="read", given=("report",))
async def get(
    call: Call,
    report: Annotated[Report, Field(description=f"哪一种：{_LIST}")] = "getusersummary",
    begin_date: Annotated[str, Field(description="从哪天起，YYYY-MM-DD；不填是昨天", max_length=10)] = "",
    end_date: Annotated[str, Field(description="到哪天止；不填是同一天", max_length=10)] = "",
) -> Result:
    """Return a report."""
    today = datetime.fromtimestamp(call.services.clock(), UTC).astimezone(BEIJING).date()
    begin = _day("begin_date", begin_date) or today - timedelta(days=1)
    end = _day("end_date", end_date) or begin
    found = await statistics.get(call.client, report, begin, end, today=today)
    rows = found.get("list", [])
    late = "，最新的数字还没出全" if found.get("is_delay") else ""
    days = begin.isoformat() if begin == end else f"{begin} 到 {end}"
    return Result(f"{_MEANINGS[report]}，{days}：{len(rows)} 行{late}。", {"report": report, **found})


@tool.action("reports", "有哪些统计", scope="read")
async def reports(call: Call) -> Result:
    """What there is."""
    return Result(
        f"可以查 {len(_MEANINGS)} 种统计。",
        {"reports": [{"report": n, "meaning": m, "max_days": MAX_DAYS[n]} for n, m in _MEANINGS.items()]},
    )


def _day(name: str, written: str) -> date | None:
    if not written:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Refused(f"{name} 要写成 YYYY-MM-DD，例如 2026-11-24（收到 {written}）。") from None
