"""Statistics (数据统计, datacube): followers, articles, messages, and how well the callback answers.

WeChat retired getarticlesummary, getarticletotal, getuserread and getusershare; getarticleread,
getarticleshare, getbizsummary and getarticletotaldetail are what replaced them in November 2025.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Literal, TypedDict, cast, get_args

from . import limits
from .client import WeChatClient

Report = Literal[
    "getusersummary",
    "getusercumulate",
    "getarticleread",
    "getarticleshare",
    "getbizsummary",
    "getarticletotaldetail",
    "getupstreammsg",
    "getupstreammsghour",
    "getupstreammsgweek",
    "getupstreammsgmonth",
    "getupstreammsgdist",
    "getupstreammsgdistweek",
    "getupstreammsgdistmonth",
    "getinterfacesummary",
    "getinterfacesummaryhour",
]
REPORTS: tuple[Report, ...] = get_args(Report)

MAX_DAYS: dict[Report, int] = {
    "getusersummary": 7,
    "getusercumulate": 7,
    "getarticleread": 1,
    "getarticleshare": 1,
    "getbizsummary": 30,
    "getarticletotaldetail": 30,
    "getupstreammsg": 7,
    "getupstreammsghour": 1,
    "getupstreammsgweek": 30,
    "getupstreammsgmonth": 30,
    "getupstreammsgdist": 15,
    "getupstreammsgdistweek": 30,
    "getupstreammsgdistmonth": 30,
    "getinterfacesummary": 30,
    "getinterfacesummaryhour": 1,
}
"""Days that one call may span, both ends included. Of getbizsummary and getarticletotaldetail WeChat names no
number: 61501 tells when it was too many."""

BEIJING = timezone(timedelta(hours=8))
"""Where WeChat's days begin."""


class Statistics(TypedDict, total=False):
    """A report: its rows, under the platform's own names, each with ``ref_date`` (YYYY-MM-DD)."""

    list: list[dict[str, Any]]
    is_delay: bool
    """Whether the newest numbers are still to come; only for articles."""


async def get(
    client: WeChatClient,
    report: Report,
    begin_date: date,
    end_date: date | None = None,
    *,
    today: date | None = None,
) -> Statistics:
    """Return a report for some days, one when there is no ``end_date``; the last is yesterday in Beijing.

    WeChat counts a day until eight in the morning of the next. Raises LimitError (the days; ``today`` is
    Beijing's), and WeChatError: 61500, 61501, 48001.
    """
    last = end_date or begin_date
    now = today or datetime.now(UTC).astimezone(BEIJING).date()
    limits.require(report in REPORTS, f"没有 {report} 这种统计，可以是 {'、'.join(REPORTS)}")
    limits.require(begin_date <= last, "起始日期不能晚于结束日期")
    limits.require(last < now, "统计只到昨天（北京时间）为止")
    days = (last - begin_date).days + 1
    limits.require(days <= MAX_DAYS[report], f"{report} 一次最多查 {MAX_DAYS[report]} 天，现在是 {days} 天")
    payload = {"begin_date": begin_date.isoformat(), "end_date": last.isoformat()}
    answer = await client.post_json(f"/datacube/{report}", payload, idempotent=True, expects="list")
    return cast(Statistics, answer)
