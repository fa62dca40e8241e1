"""The account that the local platform plays while no real one is configured."""

from __future__ import annotations

import json
import os
import secrets
import string
from dataclasses import replace
from pathlib import Path

from wechat_oa.settings import Settings

_ALPHABET = string.ascii_letters + string.digits


def with_identity(settings: Settings, platform_url: str) -> Settings:
    """Return the settings with what an account needs: the owner's values, else made-up ones.

    Made-up values are kept in the data folder, so that they are the same after a restart, and are secret:
    whoever knows the token can send messages in any follower's name. ``platform_url`` takes the place of
    WeChat's API while no AppID is set.
    """
    made_up = _made_up(Path(settings.data_dir) / "local-account.json")
    own_account = bool(settings.app_id)
    return replace(
        settings,
        wechat_token=settings.wechat_token or made_up["token"],
        app_id=settings.app_id or made_up["app_id"],
        app_secret=settings.app_secret or ("" if own_account else made_up["app_secret"]),
        encoding_aes_key=settings.encoding_aes_key or ("" if own_account else made_up["encoding_aes_key"]),
        official_api_url=settings.official_api_url if own_account else platform_url,
    )


def _made_up(path: Path) -> dict[str, str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        values: dict[str, str] = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        values = {}
    fresh = {
        "token": _random(32),
        "app_id": f"wx{secrets.token_hex(8)}",
        "app_secret": secrets.token_hex(16),
        "encoding_aes_key": _random(42) + "A",
    }
    if missing := {name: value for name, value in fresh.items() if name not in values}:
        values |= missing
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(values, file, indent=1)
    return values


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
