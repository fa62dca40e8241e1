"""Where the settings come from on one machine. Imports little: the terminal's commands start with it."""

from __future__ import annotations

import os
from pathlib import Path

from dotenv import dotenv_values


def read_environment(env_file: Path = Path(".env")) -> dict[str, str]:
    """Return the environment, with what ``.env`` sets where the environment itself does not."""
    from_file = {name: value for name, value in dotenv_values(env_file).items() if value is not None}
    return {**from_file, **os.environ}
