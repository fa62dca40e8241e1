"""The owner's ``.env``: the same file as on one machine, read, and given what was made up for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values, set_key, unset_key

_OWNER_ONLY = 0o600


class OwnerFile:
    """Settings in a file that nobody but its owner may read."""

    def __init__(self, path: Path) -> None:
        """``path`` need not exist yet."""
        self.path = path

    def values(self) -> dict[str, str]:
        """Return what the file sets; lines with a name alone set nothing."""
        return {name: value for name, value in dotenv_values(self.path).items() if value is not None}

    def set(self, values: Mapping[str, str]) -> None:
        """Write the values into their lines, or after the last one; all else stays as it is.

        Whole or not at all: each value replaces the file by a new one. Afterwards only the owner may read it.
        """
        if not values:
            return
        self.path.touch(_OWNER_ONLY)
        self.path.chmod(_OWNER_ONLY)
        for name, value in values.items():
            set_key(self.path, name, value, quote_mode="auto", follow_symlinks=True)

    def unset(self, name: str) -> None:
        """Take a setting out of the file, if it is in it."""
        if name in dotenv_values(self.path):
            unset_key(self.path, name, follow_symlinks=True)
