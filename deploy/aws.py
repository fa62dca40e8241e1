"""AWS, as the owner's environment reaches it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)

from deploy.errors import DeployError

_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 5})
_NO_CREDENTIALS = (
    "没有找到 AWS 的凭证。三种办法选一种：\n"
    "  · 有 IAM Identity Center：aws configure sso，然后 aws sso login\n"
    "  · 有访问密钥：aws configure，或者设环境变量 AWS_ACCESS_KEY_ID、AWS_SECRET_ACCESS_KEY\n"
    "  · 有几套凭证：AWS_PROFILE=名字 make deploy\n"
    "No AWS credentials found: run `aws configure sso` or `aws configure`, or name a profile by AWS_PROFILE."
)
_EXPIRED = "AWS 的凭证过期了：aws sso login，或者换新的凭证 · The AWS credentials have expired: log in again"
_EXPIRED_CODES = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_WRONG_CODES = {"InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException", "AuthFailure"}
_NO_REGION = (
    "没有说部署到哪个区域：AWS_REGION=ap-southeast-1 make deploy，或者写进 .env、用 aws configure 设置\n"
    "No region is named: set AWS_REGION, in .env or before the command."
)


@dataclass(frozen=True)
class Identity:
    """Who the credentials belong to."""

    account: str
    arn: str


class Aws:
    """A session with the profile, the region and the credentials that the environment names."""

    def __init__(self, environment: Mapping[str, str], endpoint_url: str | None = None) -> None:
        """``endpoint_url`` is another service than AWS's own, for tests. Raises DeployError."""
        self.profile = environment.get("AWS_PROFILE", "")
        self._endpoint_url = endpoint_url or None
        self._clients: dict[str, Any] = {}
        try:
            # Handed over one by one: botocore itself looks for them in the environment alone, not in .env.
            self._session = boto3.Session(
                profile_name=self.profile or None,
                region_name=environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or None,
                aws_access_key_id=environment.get("AWS_ACCESS_KEY_ID") or None,
                aws_secret_access_key=environment.get("AWS_SECRET_ACCESS_KEY") or None,
                aws_session_token=environment.get("AWS_SESSION_TOKEN") or None,
            )
        except ProfileNotFound:
            raise DeployError(
                f"没有叫 {self.profile} 的 AWS 配置：aws configure list-profiles 看有哪些"
                f" · There is no AWS profile {self.profile}"
            ) from None
        except BotoCoreError as error:
            raise DeployError(f"{_NO_CREDENTIALS}\n({error})") from None
        if not self._session.region_name:
            raise DeployError(_NO_REGION)
        self.region: str = self._session.region_name

    def client(self, service: str) -> Any:
        """Return the client of one of AWS's services."""
        if service not in self._clients:
            make: Any = self._session.client
            self._clients[service] = make(service, config=_CONFIG, endpoint_url=self._endpoint_url)
        return self._clients[service]

    def identity(self) -> Identity:
        """Return whose credentials these are. Raises DeployError, which says how to get some."""
        try:
            found = self.client("sts").get_caller_identity()
        except (ClientError, BotoCoreError) as error:
            raise DeployError(explained(error)) from None
        return Identity(found["Account"], found["Arn"])


def explained(error: ClientError | BotoCoreError) -> str:
    """Return what an error of AWS's means for the owner, in Chinese and English."""
    if isinstance(error, (NoCredentialsError, PartialCredentialsError)):
        return _NO_CREDENTIALS
    if not isinstance(error, ClientError):
        # An SSO session that has ended has an error class of its own for each way in which it can.
        ended = any(word in type(error).__name__.lower() for word in ("sso", "token"))
        return _EXPIRED if ended else f"连不上 AWS：{error} · AWS cannot be reached"
    code, operation = error.response["Error"].get("Code", ""), error.operation_name
    text = error.response["Error"].get("Message", "")
    if code in _EXPIRED_CODES:
        return _EXPIRED
    if code in _WRONG_CODES:
        return f"AWS 不认这套凭证（{code}）：检查访问密钥 · AWS refuses these credentials"
    if "AccessDenied" in code or "Unauthorized" in code:
        return (
            f"这套凭证没有权限做 {operation}：给它加上权限，或换一套"
            f" · these credentials may not do that\n({text})"
        )
    return f"AWS 拒绝了 {operation}（{code}）：{text} · AWS refused it"
