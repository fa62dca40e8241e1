"""The Lambda handler behind the queue: it writes the answers."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from typing import Any, Protocol, cast

import wechat_oa.cold_start
from wechat_oa.ai.model import Models
from wechat_oa.identifiers import pseudonym
from wechat_oa.metrics import figures
from wechat_oa.settings import SettingsError
from wechat_oa.store.aws_queue import SqsQueue
from wechat_oa.store.table import StoreError
from wechat_reply.aws import aws_services
from wechat_reply.services import Services
from wechat_reply.working import Messenger, Worker

log = logging.getLogger(__name__)

RETRY_SECONDS = 5
"""When a job that failed is tried again; the follower's later messages wait for it."""
FINISHING_SECONDS = 15.0
"""What is kept of the function's time to store and push the answer when the model takes too long."""


class LambdaContext(Protocol):
    """What is needed of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the function may still run."""
        ...


def _messenger(services: Services) -> Messenger | None:
    settings = services.settings
    if not (settings.app_id and settings.app_secret):
        return None
    # Its HTTP client is a fifth of a second to import, and most accounts may not send anything.
    from wechat_reply.pushing import account_messenger  # noqa: PLC0415

    return account_messenger(services)


_services = aws_services(os.environ)
if not _services.settings.queue_url:
    raise SettingsError("WECHAT_OA_QUEUE_URL is not set: a job that fails could not be tried again soon")
# All made while the function starts, where the processor is fastest and no follower waits.
_models = Models()
_worker = Worker(_services, _models, _messenger(_services))
_runner = asyncio.Runner()
wechat_oa.cold_start.started()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Do the jobs of an SQS event, in order, and report those that are to be done again."""
    records = event["Records"]
    for position, record in enumerate(records):
        seconds = context.get_remaining_time_in_millis() / 1000 - FINISHING_SECONDS
        try:
            _runner.run(_worker.work(json.loads(record["body"]), seconds=max(seconds, 1.0)))
        except Exception:
            failed = figures(_services.settings.metrics_namespace, _services.clock(), {"Errors": 1})
            log.exception("job %s failed", record["messageId"], extra={**_correlation(record), **failed})
            _try_again_soon(records[position:])
            # Those behind it in a first-in-first-out queue must wait for it too.
            return {"batchItemFailures": [{"itemIdentifier": r["messageId"]} for r in records[position:]]}
    return {"batchItemFailures": []}


def _correlation(record: dict[str, Any]) -> dict[str, str]:
    """What connects the line about a job to its message's; nothing for a job that cannot be read."""
    try:
        return {"correlation": pseudonym(json.loads(record["body"])["key"])}
    except (ValueError, LookupError, TypeError):
        return {}


def _try_again_soon(records: list[dict[str, Any]]) -> None:
    """A visibility of minutes is for functions that are killed; this one knows that it has failed."""
    for record in records:
        try:
            cast(SqsQueue, _services.queue).retry_after(record["receiptHandle"], RETRY_SECONDS)
        except StoreError as error:
            log.warning("the job comes again later: %s", error)
