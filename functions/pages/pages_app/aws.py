"""The services on AWS: clients made once, settings and secrets read once, when the function starts."""

from __future__ import annotations

from collections.abc import Mapping

from botocore.config import Config

from pages_app.services import PagesServices
from wechat_oa.aws import aws_session, aws_settings
from wechat_oa.aws_pages import aws_pages
from wechat_oa.store.aws_table import DynamoTable

_CONFIG = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 3})


def aws_services(environment: Mapping[str, str]) -> PagesServices:
    """Return the services that the function's environment describes.

    Raises SettingsError, and botocore's errors when the secrets cannot be read: then the function must not
    start.
    """
    aws = aws_session()
    settings = aws_settings(aws, environment)
    table = DynamoTable(aws.create_client("dynamodb", config=_CONFIG), settings.table_name)
    return PagesServices(settings, table, aws_pages(aws, settings, table))
