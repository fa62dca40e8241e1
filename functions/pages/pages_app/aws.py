"""The services on AWS: clients made once, settings and secrets read once, when the function starts."""

from __future__ import annotations

from collections.abc import Mapping

from pages_app.services import PagesServices
from wechat_oa.aws import Aws
from wechat_oa.aws_pages import aws_pages


def aws_services(environment: Mapping[str, str]) -> PagesServices:
    """Return the services that the function's environment describes. Raises as ``Aws`` does."""
    aws = Aws(environment)
    table = aws.table()
    return PagesServices(aws.settings, table, aws_pages(aws, table))
