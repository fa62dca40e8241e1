"""Statistics, counted from what happened on this platform: nothing is made up, and what nobody did is 0."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from .api_errors import ApiError
from .endpoint import VERIFIED, Call, Endpoint
from .publications import PublishedArticle
from .records import Received, day_of, hour_of
from .state import Platform

Rows = list[dict[str, Any]]

_SOURCES = ("全部", "公众号消息", "聊天会话", "朋友圈", "公众号主页", "其它", "推荐", "搜一搜")
_INTERVALS = ((1, 1), (6, 2), (11, 3))
"""From how many messages on which count_interval applies: 1 to 5, 6 to 10, more than 10."""


def _users(platform: Platform, days: list[date]) -> Rows:
    counted: Counter[tuple[date, int, bool]] = Counter(
        (day_of(one.at), one.source, one.came) for one in platform.records.followed
    )
    sources = sorted({(day, source) for day, source, _ in counted if day in days})
    return [
        {
            "ref_date": day.isoformat(),
            "user_source": source,
            "new_user": counted[day, source, True],
            "cancel_user": counted[day, source, False],
        }
        for day, source in sources
    ]


def _cumulated(platform: Platform, days: list[date]) -> Rows:
    def at_end_of(day: date) -> int:
        return sum(1 if one.came else -1 for one in platform.records.followed if day_of(one.at) <= day)

    return [{"ref_date": day.isoformat(), "cumulate_user": at_end_of(day)} for day in days]


def _article_reads(platform: Platform, days: list[date]) -> Rows:
    return [
        {"ref_date": day.isoformat(), "msgid": msgid, "detail": _reads(article, [day])}
        for day in days
        for msgid, article in _articles(platform)
        if article.readers.get(day.isoformat())
    ]


def _article_shares(_platform: Platform, _days: list[date]) -> Rows:
    """There is nothing on this platform to share an article with."""
    return []


def _summary(platform: Platform, days: list[date]) -> Rows:
    rows = []
    for day in days:
        opened = [one for _, one in _articles(platform) if one.readers.get(day.isoformat())]
        readers = set().union(*(one.readers[day.isoformat()] for one in opened)) if opened else set()
        comments = sum(
            day_of(comment.create_time) == day for _, one in _articles(platform) for comment in one.comments
        )
        detail = {"read_user": len(readers), "read_user_source": _by_source(len(readers))}
        rows.append(
            {"ref_date": day.isoformat(), "detail": {**detail, **_nothing(), "comment_count": comments}}
        )
    return rows


def _article_totals(platform: Platform, days: list[date]) -> Rows:
    """For each article of these days, its numbers from its first day to every day until yesterday."""
    rows = []
    last = platform.records.today - timedelta(days=1)
    for publication in platform.publications.published.values():
        first = day_of(publication.create_time)
        if first not in days:
            continue
        since = _days(first, min(last, first + timedelta(days=29)))
        for index, article in enumerate(publication.articles, 1):
            details = []
            for count, day in enumerate(since, 1):
                comments = sum(day_of(one.create_time) <= day for one in article.comments)
                reads = _reads(article, since[:count])
                details.append(
                    {"stat_date": day.isoformat(), **reads, **_nothing(), "comment_count": comments}
                )
            rows.append(
                {
                    "ref_date": first.isoformat(),
                    "msgid": f"{publication.msg_data_id}_{index}",
                    "publish_type": int(not publication.notified),
                    "title": article.fields["title"],
                    "content_url": platform.article_url(article.sn),
                    "detail_list": details,
                }
            )
    return rows


def _messages(
    platform: Platform, days: list[date], start: Callable[[Received], tuple[date, int | None]]
) -> Rows:
    users: dict[tuple[date, int | None, int], set[str]] = defaultdict(set)
    counts: Counter[tuple[date, int | None, int]] = Counter()
    for one in platform.records.received:
        day, hour = start(one)
        if day in days:
            users[day, hour, one.msg_type].add(one.openid)
            counts[day, hour, one.msg_type] += 1
    return [
        {
            "ref_date": day.isoformat(),
            **({} if hour is None else {"ref_hour": hour}),
            "msg_type": msg_type,
            "msg_user": len(users[day, hour, msg_type]),
            "msg_count": counts[day, hour, msg_type],
        }
        for day, hour, msg_type in sorted(counts, key=str)
    ]


def _distributed(
    platform: Platform, days: list[date], start: Callable[[Received], tuple[date, int | None]]
) -> Rows:
    """How many followers wrote how much: 1 to 5, 6 to 10, more than 10 messages."""
    by_follower: Counter[tuple[date, str]] = Counter()
    for one in platform.records.received:
        day, _ = start(one)
        if day in days:
            by_follower[day, one.openid] += 1
    intervals: Counter[tuple[date, int]] = Counter()
    for (day, _), count in by_follower.items():
        intervals[day, max(number for least, number in _INTERVALS if count >= least)] += 1
    return [
        {"ref_date": day.isoformat(), "count_interval": interval, "msg_user": users}
        for (day, interval), users in sorted(intervals.items())
    ]


def _per_day(one: Received) -> tuple[date, int | None]:
    return day_of(one.at), None


def _per_hour(one: Received) -> tuple[date, int | None]:
    return day_of(one.at), hour_of(one.at)


def _per_week(one: Received) -> tuple[date, int | None]:
    day = day_of(one.at)
    return day - timedelta(days=day.weekday()), None


def _per_month(one: Received) -> tuple[date, int | None]:
    return day_of(one.at).replace(day=1), None


def _callbacks(platform: Platform, days: list[date], *, hours: bool = False) -> Rows:
    """Times in milliseconds."""
    times: dict[tuple[date, int], list[float]] = defaultdict(list)
    failed: Counter[tuple[date, int]] = Counter()
    for one in platform.records.delivered:
        key = (day_of(one.at), hour_of(one.at) if hours else 0)
        if key[0] in days:
            times[key].append(one.seconds * 1000)
            failed[key] += one.failed
    return [
        {
            "ref_date": day.isoformat(),
            **({"ref_hour": hour} if hours else {}),
            "callback_count": len(spent),
            "fail_count": failed[day, hour],
            "total_time_cost": int(sum(spent)),
            "max_time_cost": int(max(spent)),
        }
        for (day, hour), spent in sorted(times.items())
    ]


def _articles(platform: Platform) -> Iterator[tuple[str, PublishedArticle]]:
    for publication in platform.publications.published.values():
        for index, article in enumerate(publication.articles, 1):
            yield f"{publication.msg_data_id}_{index}", article


def _reads(article: PublishedArticle, days: list[date]) -> dict[str, Any]:
    readers = set().union(*(article.readers.get(day.isoformat(), ()) for day in days))
    return {"read_user": len(readers), "read_user_source": _by_source(len(readers))}


def _by_source(readers: int) -> Rows:
    """Where readers came from is not known here: by their links, which is 其它."""
    known = {"全部": readers, "其它": readers}
    return [{"scene_desc": source, "user_count": known.get(source, 0)} for source in _SOURCES]


def _nothing() -> dict[str, int]:
    """What cannot be done on this platform."""
    names = ("share_user", "zaikan_user", "like_user", "collection_user", "praise_money")
    return dict.fromkeys(names, 0)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _endpoint(name: str, most: int, count: Callable[[Platform, list[date]], Rows]) -> Endpoint:
    def answer(call: Call) -> Mapping[str, Any]:
        try:
            first, last = (
                date.fromisoformat(call.text(which, 61500)) for which in ("begin_date", "end_date")
            )
        except ValueError:
            raise ApiError(61500) from None
        if not first <= last < call.platform.records.today or (last - first).days >= most:
            raise ApiError(61501)
        rows = count(call.platform, _days(first, last))
        article = "article" in name or name == "getbizsummary"
        return {"list": rows} | ({"is_delay": False} if article else {})

    return Endpoint("POST", f"/datacube/{name}", answer, account_types=VERIFIED)


def _with(
    rows: Callable[[Platform, list[date], Callable[[Received], tuple[date, int | None]]], Rows],
    start: Callable[[Received], tuple[date, int | None]],
) -> Callable[[Platform, list[date]], Rows]:
    return lambda platform, days: rows(platform, days, start)


ENDPOINTS = (
    _endpoint("getusersummary", 7, _users),
    _endpoint("getusercumulate", 7, _cumulated),
    _endpoint("getarticleread", 1, _article_reads),
    _endpoint("getarticleshare", 1, _article_shares),
    _endpoint("getbizsummary", 30, _summary),
    _endpoint("getarticletotaldetail", 30, _article_totals),
    _endpoint("getupstreammsg", 7, _with(_messages, _per_day)),
    _endpoint("getupstreammsghour", 1, _with(_messages, _per_hour)),
    _endpoint("getupstreammsgweek", 30, _with(_messages, _per_week)),
    _endpoint("getupstreammsgmonth", 30, _with(_messages, _per_month)),
    _endpoint("getupstreammsgdist", 15, _with(_distributed, _per_day)),
    _endpoint("getupstreammsgdistweek", 30, _with(_distributed, _per_week)),
    _endpoint("getupstreammsgdistmonth", 30, _with(_distributed, _per_month)),
    _endpoint("getinterfacesummary", 30, _callbacks),
    _endpoint("getinterfacesummaryhour", 1, lambda platform, days: _callbacks(platform, days, hours=True)),
)
