"""The same services on AWS: clients made once, settings and secrets read once, when the function starts."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import botocore.session
from botocore.config import Config

from wechat_oa.settings import read_settings, with_secrets
from wechat_oa.store.aws_queue import SqsQueue
from wechat_oa.store.aws_table import DynamoTable
from wechat_reply.services import Services

# A call that hangs would eat the follower's five seconds: better to try again at once.
_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2})
# Many functions starting at once meet the limit of SSM's calls a second; a start has ten seconds.
_START_CONFIG = Config(
    connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 8}
)
_SECRETS_PER_CALL = 10


def aws_services(environment: Mapping[str, str]) -> Services:
    """Return the services that a function's environment describes.

    Raises SettingsError, and botocore's errors when the secrets cannot be read: then the function must not
    start.
    """
    logging.getLogger().setLevel(logging.INFO)
    for noisy in ("botocore", "httpx", "httpx2", "openai"):
        # Addresses of followers' pictures, questions, and chatter.
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # boto3 would bring its resources along, which nobody here uses and every cold start would pay for.
    aws: Any = botocore.session.get_session()

    def fetch_secrets(names: list[str]) -> dict[str, str]:
        client = aws.create_client("ssm", config=_START_CONFIG)
        values: dict[str, str] = {}
        for first in range(0, len(names), _SECRETS_PER_CALL):
            batch = names[first : first + _SECRETS_PER_CALL]
            answer = client.get_parameters(Names=batch, WithDecryption=True)
            values |= {parameter["Name"]: parameter["Value"] for parameter in answer["Parameters"]}
        return values

    settings = read_settings(with_secrets(environment, fetch_secrets))
    return Services(
        settings,
        DynamoTable(aws.create_client("dynamodb", config=_CONFIG), settings.table_name),
        SqsQueue(aws.create_client("sqs", config=_CONFIG), settings.queue_url),
    )
