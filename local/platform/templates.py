"""Templates for notices: a small library to choose from, and what the account has chosen."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

LIBRARY: dict[str, tuple[str, str]] = {
    "OPENTM207422813": ("订单支付成功通知", "订单编号:{{keyword1.DATA}}\n支付金额:{{keyword2.DATA}}"),
    "OPENTM200565259": ("订单发货提醒", "订单编号:{{keyword1.DATA}}\n物流单号:{{keyword2.DATA}}"),
    "OPENTM406411654": ("预约成功通知", "预约项目:{{keyword1.DATA}}\n预约时间:{{keyword2.DATA}}"),
    "43210": ("服务进度通知", "服务名称:{{thing1.DATA}}\n更新时间:{{time2.DATA}}"),
}
"""Title and content by template_id_short."""

MAX_TEMPLATES = 25

INDUSTRIES = range(1, 42)


@dataclass(frozen=True, slots=True)
class Template:
    """A template of the account."""

    template_id: str
    title: str
    content: str


class Templates:
    """The account's templates by template_id, and its industries."""

    def __init__(self) -> None:
        self.chosen: dict[str, Template] = {}
        self.industries: tuple[int, int] | None = None
        self.industries_set_in = ""
        """The month (YYYY-MM) in which they were set."""

    def choose(self, template_id_short: str) -> Template:
        """Take one from the library. Raises KeyError."""
        title, content = LIBRARY[template_id_short]
        template = Template(secrets.token_urlsafe(32), title, content)
        self.chosen[template.template_id] = template
        return template
