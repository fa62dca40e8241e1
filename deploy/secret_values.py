"""Secrets that nobody has to think up: tokens, keys and passwords, where the owner has set none."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping

_ALPHABET = string.ascii_letters + string.digits


def missing_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return a value for each secret that can be made up and is not set, by name.

    An EncodingAESKey is of use with an AppID only: messages are encrypted with both.
    """
    made_up = {
        "WECHAT_TOKEN": token(),
        "WECHAT_ENCODING_AES_KEY": aes_key() if environment.get("WECHAT_APP_ID", "").strip() else "",
        "MCP_AUTH_TOKENS": f"owner:publish:{token(40)}",
        "OPENAI_CONFIG_PASSWORD": token(20),
    }
    return {n: value for n, value in made_up.items() if value and not environment.get(n, "").strip()}


def token(length: int = 32) -> str:
    """Return random letters and digits: WeChat takes 3 to 32 of them as its Token."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def aes_key() -> str:
    """Return an EncodingAESKey: 43 characters, whose last bits must be zero in base64."""
    return f"{token(42)}A"


def renewed_tokens(written: str) -> str:
    """Return MCP_AUTH_TOKENS with every token made anew, names and scopes as they were."""
    renewed = []
    for each in filter(None, (word.strip() for word in written.split(","))):
        name_and_scope = each.rpartition(":")[0]
        renewed.append(f"{name_and_scope}:{token(40)}" if name_and_scope else token(40))
    return ",".join(renewed) or f"owner:publish:{token(40)}"
