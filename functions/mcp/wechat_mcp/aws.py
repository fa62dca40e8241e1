"""The services on AWS."""

from __future__ import annotations

from collections.abc import Mapping

from wechat_mcp.services import McpServices
from wechat_oa.aws import Aws


def aws_services(environment: Mapping[str, str]) -> McpServices:
    """Return the services that a function's environment describes.

    Raises SettingsError, and botocore's errors when the secrets cannot be read: then the function must not
    start.
    """
    aws = Aws(environment)
    return McpServices(aws.settings, aws.table())
