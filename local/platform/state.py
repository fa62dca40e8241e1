"""The platform's memory: the account's settings, its followers, and what stands on their phones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Literal

import httpx

from .account import Account, AccountType, Mode, PushFormat
from .delivery import LIMIT, Channel
from .feed import Feed
from .follower import Body, MessageIds
from .mass import MassMessages
from .materials import Materials
from .media import Media, MediaLibrary
from .menus import Menus
from .people import Follower, Grant
from .publications import SUCCESS, Publications
from .records import Followed, Received, Records
from .tags import Tags
from .templates import Templates
from .tokens import Tokens

Side = Literal["follower", "account", "notice"]

DEFAULT_MENU: Mapping[str, Any] = {
    "button": [
        {"type": "click", "name": "帮助", "key": "帮助"},
        {
            "name": "对话",
            "sub_button": [
                {"type": "click", "name": "继续", "key": "继续"},
                {"type": "click", "name": "清空", "key": "清空"},
            ],
        },
    ]
}
"""In the shape of WeChat's menu/create."""

PLATFORM_PATH = "/wechat-platform"
"""Where the API, the articles and their pictures are served, below the simulator's address."""

JOB_SECONDS = 3.0
"""How long a publication or a mass message takes."""

MESSAGE_GRANT = (5, 48 * 3600.0)
EVENT_GRANT = (3, 60.0)
"""Customer-service messages that an action allows, and for how many seconds (page 客服消息介绍)."""

_GRANTING_EVENTS = {"subscribe", "SCAN", "CLICK", "scancode_push", "scancode_waitmsg"}

_MESSAGE_TYPES = {"text": 1, "image": 2, "voice": 3, "video": 4, "shortvideo": 4}
"""As getupstreammsg's msg_type counts them; everything else is 6."""

_BY_QR_CODE = 30
"""As getusersummary's user_source."""


class Platform:
    """Everything the platform knows, in memory. Use it from one event loop."""

    def __init__(
        self,
        account: Account,
        *,
        base_url: str,
        callback_url: str,
        http: httpx.AsyncClient,
        clock: Callable[[], float] = time.time,
        limit: float = LIMIT,
        menu: Mapping[str, Any] = DEFAULT_MENU,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """``base_url`` is where the simulator is served (for picture addresses), without a slash at its end.

        ``http`` delivers to ``callback_url``; ``limit`` is the seconds one attempt may take; jobs take their
        time with ``sleep``.
        """
        self.account = account
        self.base_url = base_url
        self.callback_url = callback_url
        self.http = http
        self.clock = clock
        self.limit = limit
        self.sleep = sleep
        self.mode: Mode = account.modes[-1]
        self.push_format: PushFormat = "xml"
        self.account_type: AccountType = "verified_service"
        self.job_seconds = JOB_SECONDS
        self.publish_status = SUCCESS
        """What publications come to: the publish_status of their end."""
        self.menus = Menus(menu)
        self.daily_limits: Mapping[str, int] = {}
        """Calls a day, by the path of an endpoint."""
        self.message_ids = MessageIds()
        self._more_settings: dict[str, Any] = {}
        self._forget()
        self.feed = Feed()
        self.under_way: set[asyncio.Task[None]] = set()
        """Deliveries that are not done."""

    def _forget(self) -> None:
        clock = self.clock
        self.followers: dict[str, Follower] = {}
        self.media = MediaLibrary(clock)
        self.materials = Materials(clock)
        self.publications = Publications(clock)
        self.tags = Tags()
        self.templates = Templates()
        self.mass = MassMessages()
        self.short_keys: dict[str, tuple[str, float, float]] = {}
        """What a short key stands for, since when and until when (epoch seconds)."""
        self.permanent_codes: set[str] = set()
        """The scenes of permanent QR codes."""
        self.records = Records(clock)
        self.tokens = Tokens(clock)

    def channel(self, mode: Mode | None = None) -> Channel:
        """Return how a message travels now. Raises ValueError for a mode the account has no key for."""
        return Channel(self.account, self.callback_url, mode or self.mode, self.push_format, self.limit)

    def follower(self, name: str) -> Follower:
        """Return the follower of this name, a new one if need be."""
        openid = self.account.openid(name)
        if openid not in self.followers:
            now = self.clock()
            self.followers[openid] = Follower(openid, name, subscribed_at=now)
            self.records.followed.append(Followed(now, True, 0))
            self.show_follower(self.followers[openid])
        return self.followers[openid]

    def note_action(self, follower: Follower, body: Body) -> None:
        """Note what the follower did: whether they follow, and what the account may send them now."""
        now = self.clock()
        follower.seen_at = now
        if body.event == "unsubscribe":
            follower.following = False
            follower.grants.clear()
            # Whoever comes back comes as a stranger.
            follower.tags, follower.remark = [], ""
            self.records.followed.append(Followed(now, False, 0))
        elif body.event == "subscribe":
            follower.following, follower.subscribed_at = True, now
            follower.scene = str(body.fields.get("EventKey", "")).removeprefix("qrscene_")
            self.records.followed.append(Followed(now, True, _BY_QR_CODE if follower.scene else 0))
        if not body.event:
            kind = _MESSAGE_TYPES.get(body.msg_type, 6)
            self.records.received.append(Received(now, follower.openid, kind))
            follower.grants["message"] = Grant(MESSAGE_GRANT[0], now + MESSAGE_GRANT[1])
        elif body.event in _GRANTING_EVENTS:
            follower.grants["event"] = Grant(EVENT_GRANT[0], now + EVENT_GRANT[1])
        self.show_follower(follower)

    def show_follower(self, follower: Follower) -> None:
        """Tell the phones that a follower's state has changed."""
        data = {
            "openid": follower.openid,
            "name": follower.name,
            "following": follower.following,
            "typing_until": follower.typing_until,
        }
        self.feed.put("follower", follower.openid, data)

    def show(
        self,
        follower: Follower,
        side: Side,
        kind: str,
        content: Mapping[str, Any],
        *,
        via: str,
        key: str = "",
    ) -> None:
        """Put a bubble (or a notice) on the follower's phone.

        ``via`` is how it came: sent, reply, push or platform. With ``key``, a delivery of the same key tells
        what the message went through.
        """
        key = key or str(self.message_ids.next())
        data = {"side": side, "type": kind, "content": content, "at": self.clock(), "via": via}
        self.feed.put("bubble", key, data, openid=follower.openid)

    def show_settings(self, **more: Any) -> None:
        """Tell the phones about the settings; ``more`` is what the simulator adds, once and for all."""
        self._more_settings |= more
        data = {
            "account_name": self.account.name,
            "original_id": self.account.original_id,
            "modes": self.account.modes,
            "mode": self.mode,
            "push_format": self.push_format,
            "account_type": self.account_type,
            "limit": self.limit,
            "job_seconds": self.job_seconds,
            "publish_status": self.publish_status,
            "menu": self.menus.default or {"button": []},
            **self._more_settings,
        }
        self.feed.put("settings", "settings", data)

    def reset(self) -> None:
        """Forget everything but the settings and the menu. Message ids go on."""
        for delivery in self.under_way:
            delivery.cancel()
        self._forget()
        self.feed.clear()

    def file(self, media_id: object) -> Media | None:
        """Return a file by its temporary or permanent media_id, or None."""
        if not isinstance(media_id, str):
            return None
        kept = self.materials.get(media_id)
        return kept.media if kept else self.media.get(media_id)

    def start(self, job: Coroutine[Any, Any, None]) -> None:
        """Let something go on after the call that began it."""
        task = asyncio.get_running_loop().create_task(job)
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)

    def media_url(self, media_id: str) -> str:
        """Return the address at which the account's server finds what a follower sent."""
        return f"{self.base_url}/simulator/media/{media_id}"

    def picture_url(self, picture_id: str) -> str:
        """Return the address at which articles find a picture of the account's."""
        return f"{self.base_url}{PLATFORM_PATH}/mmbiz/{picture_id}"

    def article_url(self, sn: str) -> str:
        """Return the address of an article."""
        return f"{self.base_url}{PLATFORM_PATH}/s/{sn}"
