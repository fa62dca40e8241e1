"""What every function does when it starts on AWS: quiet the logs, read settings and secrets, make clients."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import botocore.session
from botocore.config import Config

from wechat_oa.settings import Settings, read_settings, with_secrets

# Many functions starting at once meet the limit of SSM's calls a second; a start has ten seconds.
_START_CONFIG = Config(
    connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 8}
)
_SECRETS_PER_CALL = 10


def aws_session() -> Any:
    """Return a botocore session: boto3 would bring its resources along, and every cold start pay for them."""
    logging.getLogger().setLevel(logging.INFO)
    for noisy in ("botocore", "httpx", "httpx2", "openai"):
        # Addresses of followers' pictures, questions, and chatter.
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return botocore.session.get_session()


def aws_settings(session: Any, environment: Mapping[str, str]) -> Settings:
    """Return the settings that a function's environment describes, its secrets read from SSM.

    Raises SettingsError, and botocore's errors when the secrets cannot be read: then the function must not
    start.
    """

    def fetch_secrets(names: list[str]) -> dict[str, str]:
        client = session.create_client("ssm", config=_START_CONFIG)
        values: dict[str, str] = {}
        for first in range(0, len(names), _SECRETS_PER_CALL):
            batch = names[first : first + _SECRETS_PER_CALL]
            answer = client.get_parameters(Names=batch, WithDecryption=True)
            values |= {parameter["Name"]: parameter["Value"] for parameter in answer["Parameters"]}
        return values

    return read_settings(with_secrets(environment, fetch_secrets))
