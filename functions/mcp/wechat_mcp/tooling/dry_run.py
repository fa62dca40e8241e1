"""A client that shows what would be sent to WeChat, and does not send it."""

from __future__ import annotations

from typing import Any

from wechat_oa.api.client import WeChatClient
from wechat_oa.api.transport import Call, Download


class WouldSend(Exception):  # noqa: N818  (what was asked for)
    """A call that was not made."""

    def __init__(self, call: Call) -> None:
        super().__init__(call.path)
        self.call = call

    def shown(self) -> dict[str, Any]:
        """Return the request as JSON: files by name and size."""
        call = self.call
        files = {
            field: {"file_name": name, "bytes": len(data), "type": kind}
            for field, (name, data, kind) in (call.files or {}).items()
        }
        whole = {
            "method": call.method,
            "path": call.path,
            "params": dict(call.params),
            "json": call.payload,
            "files": files,
            "form": dict(call.form or {}),
        }
        return {name: value for name, value in whole.items() if value not in (None, {})}


class DryRunClient(WeChatClient):
    """Raises WouldSend for every call: some of WeChat's GETs (menu/delete) change things too."""

    def __init__(self) -> None:
        """It reaches nothing."""

    async def _call(self, call: Call) -> Download:
        raise WouldSend(call)
