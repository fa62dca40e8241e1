"""The official account that the platform serves, and the ways it can be set up."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Literal, get_args

Mode = Literal["plain", "compatible", "safe"]
"""How messages travel: 明文, 兼容 (plain fields and ciphertext together), 安全 (ciphertext only)."""

PushFormat = Literal["xml", "json"]
"""The data format of pushes, chosen in WeChat's console beside the mode."""

AccountType = Literal["verified_service", "verified_subscription", "unverified_subscription"]

MODES: tuple[Mode, ...] = get_args(Mode)
PUSH_FORMATS: tuple[PushFormat, ...] = get_args(PushFormat)
ACCOUNT_TYPES: tuple[AccountType, ...] = get_args(AccountType)


@dataclass(frozen=True, slots=True)
class Account:
    """What WeChat's console knows of an account: the same values that the account's own server is given."""

    token: str = field(repr=False)
    app_id: str
    app_secret: str = field(repr=False)
    encoding_aes_key: str = field(default="", repr=False)
    """Empty: only plain mode can be used."""
    name: str = "我的公众号"

    @property
    def original_id(self) -> str:
        """The ``gh_…`` name that messages are addressed to, always the same for one AppID."""
        return "gh_" + hashlib.sha256(self.app_id.encode()).hexdigest()[:12]

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes that can be used with what is configured."""
        return MODES if self.encoding_aes_key else ("plain",)

    def openid(self, name: str) -> str:
        """Return the openid (28 characters) of the follower with this name, the same after a restart."""
        digest = hashlib.sha256(f"{self.app_id}\n{name}".encode("utf-8", "replace")).digest()
        return "o" + base64.urlsafe_b64encode(digest).decode()[:27]
