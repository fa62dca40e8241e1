"""Template messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from . import follower
from .api_errors import ApiError
from .endpoint import OK, VERIFIED_SERVICE, Call, Endpoint
from .people import Follower
from .phone import push_event
from .templates import INDUSTRIES, LIBRARY, MAX_TEMPLATES, Template

_VALUE = re.compile(r"\{\{(\w+)\.DATA\}\}")


def _set_industry(call: Call) -> Mapping[str, Any]:
    templates, month = call.platform.templates, call.platform.records.today.isoformat()[:7]
    chosen = [call.number(name, wrong=40102) for name in ("industry_id1", "industry_id2")]
    if not all(one in INDUSTRIES for one in chosen):
        raise ApiError(40102)
    if templates.industries_set_in == month:
        raise ApiError(43100)
    templates.industries, templates.industries_set_in = (chosen[0], chosen[1]), month
    return OK


def _get_industry(call: Call) -> Mapping[str, Any]:
    chosen = call.platform.templates.industries
    names = ("primary_industry", "secondary_industry")
    if chosen is None:
        return {name: {"first_class": "", "second_class": ""} for name in names}
    return {
        name: {"first_class": "行业", "second_class": str(one)}
        for name, one in zip(names, chosen, strict=True)
    }


def _add(call: Call) -> Mapping[str, Any]:
    short = call.text("template_id_short", 40037)
    if short not in LIBRARY:
        raise ApiError(40037)
    if len(call.platform.templates.chosen) >= MAX_TEMPLATES:
        raise ApiError(45026)
    return {**OK, "template_id": call.platform.templates.choose(short).template_id}


def _get_all(call: Call) -> Mapping[str, Any]:
    listed = [
        {
            "template_id": one.template_id,
            "title": one.title,
            "primary_industry": "",
            "deputy_industry": "",
            "content": one.content,
            "example": "",
        }
        for one in call.platform.templates.chosen.values()
    ]
    return {"template_list": listed}


def _delete(call: Call) -> Mapping[str, Any]:
    del call.platform.templates.chosen[_template(call).template_id]
    return OK


def _send(call: Call) -> Mapping[str, Any]:
    person, template = call.follower("touser"), _template(call)
    if not person.following:
        raise ApiError(43004)
    platform, words = call.platform, _words(call, template)
    msg_id = platform.message_ids.next()
    platform.start(_deliver(call, person, msg_id, {"content": words}))
    return {**OK, "msgid": msg_id}


async def _deliver(call: Call, person: Follower, msg_id: int, content: Mapping[str, Any]) -> None:
    platform = call.platform
    platform.show(person, "account", "text", content, via="push")
    finished = follower.event("TEMPLATESENDJOBFINISH", {"MsgID": msg_id, "Status": "success"})
    await push_event(platform, person.openid, finished)


def _words(call: Call, template: Template) -> str:
    data = call.body.get("data")
    if not isinstance(data, dict):
        raise ApiError(47003)

    def value(place: re.Match[str]) -> str:
        given = data.get(place[1])
        text = given.get("value") if isinstance(given, dict) else None
        if not isinstance(text, str) or not text:
            raise ApiError(47003, f"{place[1]}.DATA")
        return text

    return f"【{template.title}】\n{_VALUE.sub(value, template.content)}"


def _template(call: Call) -> Template:
    template = call.platform.templates.chosen.get(call.text("template_id", 40037))
    if template is None:
        raise ApiError(40037)
    return template


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/template/api_set_industry", _set_industry, account_types=VERIFIED_SERVICE),
    Endpoint("GET", "/cgi-bin/template/get_industry", _get_industry, account_types=VERIFIED_SERVICE),
    Endpoint("POST", "/cgi-bin/template/api_add_template", _add, account_types=VERIFIED_SERVICE),
    Endpoint("GET", "/cgi-bin/template/get_all_private_template", _get_all, account_types=VERIFIED_SERVICE),
    Endpoint("POST", "/cgi-bin/template/del_private_template", _delete, account_types=VERIFIED_SERVICE),
    Endpoint(
        "POST",
        "/cgi-bin/message/template/send",
        _send,
        account_types=VERIFIED_SERVICE,
        daily_limit=100_000,
    ),
)
