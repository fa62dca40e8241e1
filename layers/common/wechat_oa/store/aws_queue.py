"""The queue on SQS: a FIFO queue, whose consumer is the worker function."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .aws_errors import aws_errors
from .values import plain

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class SqsQueue:
    """A Queue (see its protocol) over an SQS client that is handed in."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        """``queue_url`` names a FIFO queue."""
        self._client = client
        self._url = queue_url

    def send(self, body: Mapping[str, Any], *, group: str, deduplication_id: str) -> None:
        """See Queue. Raises TypeError and ValueError for a body that is not JSON (see ``values.plain``)."""
        # JSON's own escapes keep out the characters that SQS refuses in a message.
        message = json.dumps(plain(body), separators=(",", ":"))
        with aws_errors("SendMessage"):
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=message,
                MessageGroupId=_token(group),
                MessageDeduplicationId=_token(deduplication_id),
            )

    def retry_after(self, receipt_handle: str, seconds: int) -> None:
        """Let a received message come again after ``seconds``, rather than when its visibility ends.

        Until then its group waits. Raises StoreError.
        """
        with aws_errors("ChangeMessageVisibility"):
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
            )


def _token(text: str) -> str:
    """SQS takes 1 to 128 ASCII letters, digits and punctuation marks; any other text goes as its digest."""
    if re.fullmatch(r"[!-~]{1,128}", text):
        return text
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
