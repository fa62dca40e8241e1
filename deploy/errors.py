"""What stops a command."""

from __future__ import annotations


class DeployError(Exception):
    """The command cannot go on. The text says why and what to do, in Chinese and English."""
