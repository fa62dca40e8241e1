"""The same services on AWS: clients made once, settings and secrets read once, when the function starts."""

from __future__ import annotations

from collections.abc import Mapping

from botocore.config import Config

from wechat_oa.aws import aws_session, aws_settings
from wechat_oa.store.aws_queue import SqsQueue
from wechat_oa.store.aws_table import DynamoTable
from wechat_reply.services import Services

# A call that hangs would eat the follower's five seconds: better to try again at once.
_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2})


def aws_services(environment: Mapping[str, str]) -> Services:
    """Return the services that a function's environment describes.

    Raises SettingsError, and botocore's errors when the secrets cannot be read: then the function must not
    start.
    """
    aws = aws_session()
    settings = aws_settings(aws, environment)
    return Services(
        settings,
        DynamoTable(aws.create_client("dynamodb", config=_CONFIG), settings.table_name),
        SqsQueue(aws.create_client("sqs", config=_CONFIG), settings.queue_url),
    )
