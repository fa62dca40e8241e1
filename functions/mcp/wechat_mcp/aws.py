"""The services on AWS: clients made once, settings and secrets read once, when the function starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wechat_mcp.aws_uploads import S3UploadUrls
from wechat_mcp.aws_vault import SsmVault
from wechat_mcp.diagrams import Diagrams, renderer_of
from wechat_mcp.services import McpServices
from wechat_oa.aws import Aws
from wechat_oa.aws_pages import aws_pages
from wechat_oa.settings import Settings


def aws_services(environment: Mapping[str, str]) -> McpServices:
    """Return the services that a function's environment describes. Raises as ``Aws`` does."""
    aws = Aws(environment)
    settings, table = aws.settings, aws.table()
    uploads = settings.mcp_uploads_bucket
    vault = SsmVault(lambda: aws.client("ssm"), aws.secret_name("MCP_ACCOUNT"))
    renderer = renderer_of(settings)
    return McpServices(
        settings,
        table,
        pages=aws_pages(aws, table) if settings.pages_bucket else None,
        web_server=DeployedServer(settings),
        upload_urls=S3UploadUrls(aws.client("s3"), uploads) if uploads else None,
        vault=vault,
        ask_for_token=aws.ask_for_token(),
        diagrams=Diagrams(renderer) if renderer else None,
    )


class DeployedServer:
    """The deployed site: API Gateway and CloudFront are always there."""

    always_on = True

    def __init__(self, settings: Settings) -> None:
        """``settings`` name the addresses."""
        self._settings = settings

    async def start(self, port: int) -> str:
        """Nothing is to be started."""
        return self._settings.site_url

    async def stop(self) -> bool:
        """Nothing can be stopped."""
        return False

    async def status(self) -> dict[str, Any]:
        """Return the deployed addresses."""
        settings = self._settings
        urls = {
            "网站": settings.site_url,
            "聊天": settings.chat_url,
            "网页": settings.pages_url,
            "MCP": f"{settings.mcp_public_url}/mcp" if settings.mcp_public_url else "",
        }
        return {"running": True, "urls": {name: url for name, url in urls.items() if url}}
