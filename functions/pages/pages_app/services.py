"""What the pages API works with, made once in a process and handed in everywhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from pages_app.owner import by_password, by_token
from wechat_oa.owner import OwnerPassword
from wechat_oa.pages import Pages
from wechat_oa.settings import Settings
from wechat_oa.store.table import Table


class PagesServices:
    """The settings, the pages, and who may change them."""

    def __init__(
        self,
        settings: Settings,
        table: Table,
        pages: Pages,
        *,
        links: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``links`` are what the index leads to besides, addresses by what they are called."""
        self.settings = settings
        self.pages = pages
        self.clock = clock
        self.links = dict(links or {})
        self.owner_checks = (
            by_token(settings.mcp_auth_tokens),
            by_password(OwnerPassword(table, settings.config_password, clock)),
        )
