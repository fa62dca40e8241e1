"""The same services on AWS."""

from __future__ import annotations

from collections.abc import Mapping

from wechat_oa.aws import Aws
from wechat_oa.store.aws_queue import SqsQueue
from wechat_reply.services import Services


def aws_services(environment: Mapping[str, str]) -> Services:
    """Return the services that a function's environment describes. Raises as ``Aws`` does."""
    aws = Aws(environment)
    queue = SqsQueue(aws.client("sqs"), aws.settings.queue_url)
    return Services(aws.settings, aws.table(), queue, ask_for_token=aws.ask_for_token())
