"""The table, the queue and the secrets of one deployment, made as template.yaml says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3

from tests.stack.expand import Stack

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

TABLE = "wechat-oa"
QUEUE = "wechat-oa-answers.fifo"
PAGES = "wechat-oa-pages"
SITE = "wechat-oa-site"


class Account:
    """A deployment's state, and what the checks want to know of it."""

    def __init__(self, stack: Stack, secrets: Mapping[str, str], *, table_url: str, aws_url: str) -> None:
        """Make everything; ``secrets`` are values by setting name."""
        session = boto3.Session("local", "local", region_name="us-east-1")
        self._dynamodb: DynamoDBClient = session.client("dynamodb", endpoint_url=table_url)
        self._sqs: SQSClient = session.client("sqs", endpoint_url=aws_url)
        self.s3: S3Client = session.client("s3", endpoint_url=aws_url)
        for bucket in (PAGES, SITE):
            self.s3.create_bucket(Bucket=bucket)
        ssm: SSMClient = session.client("ssm", endpoint_url=aws_url)
        table, queue = stack.properties("Table"), stack.properties("AnswerQueue")
        self._dynamodb.create_table(
            TableName=TABLE,
            AttributeDefinitions=table["AttributeDefinitions"],
            KeySchema=table["KeySchema"],
            BillingMode=table["BillingMode"],
        )
        created = self._sqs.create_queue(
            QueueName=QUEUE,
            Attributes={
                "FifoQueue": "true",
                "DeduplicationScope": queue["DeduplicationScope"],
                "FifoThroughputLimit": queue["FifoThroughputLimit"],
                "VisibilityTimeout": str(queue["VisibilityTimeout"]),
            },
        )
        self.queue_url = created["QueueUrl"]
        prefix = stack.environment("CallbackFunction")["WECHAT_OA_SECRETS_PREFIX"]
        for name, value in secrets.items():
            ssm.put_parameter(Name=prefix + name, Value=value, Type="SecureString")

    def answer(self, key: str) -> dict[str, Any]:
        """Return the answer to a message as the table holds it; numbers are texts. Empty if there is none."""
        found = self._dynamodb.get_item(
            TableName=TABLE, Key={"pk": {"S": f"answer#{key}"}, "sk": {"S": "-"}}, ConsistentRead=True
        )
        return {name: next(iter(value.values())) for name, value in found.get("Item", {}).items()}

    def token(self, app_id: str) -> str:
        """Return the account's access token as the table holds it; empty if there is none."""
        key = {"pk": {"S": f"token#{app_id}"}, "sk": {"S": "access_token"}}
        found = self._dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True)
        return found.get("Item", {}).get("access_token", {}).get("S", "")

    def jobs(self) -> list[dict[str, Any]]:
        """Take what is in the queue, as SQS hands it out."""
        received = self._sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10, AttributeNames=["All"]
        )
        return [dict(message) for message in received.get("Messages", [])]
