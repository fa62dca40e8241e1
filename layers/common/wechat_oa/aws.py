"""What every function does on AWS when it starts: settings and secrets read once, clients made once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config

from wechat_oa.correlation import log_correlations
from wechat_oa.settings import Settings, read_settings, with_secrets
from wechat_oa.store.aws_table import DynamoTable

if TYPE_CHECKING:
    from wechat_oa.api.token import Ask

# A call that hangs would eat a follower's five seconds: better to try again at once.
_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2})
# Many functions starting at once meet the limit of SSM's calls a second; a start has ten seconds.
_START_CONFIG = Config(
    connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 8}
)
_SECRETS_PER_CALL = 10


class Aws:
    """The settings that a function's environment describes, and AWS's clients."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Read the settings, with the secrets the environment names, and calm the libraries' logs.

        Raises SettingsError, and botocore's errors when the secrets cannot be read: then the function must
        not start.
        """
        logging.getLogger().setLevel(logging.INFO)
        log_correlations()
        for noisy in ("botocore", "httpx", "httpx2"):
            # Addresses of followers' pictures, questions, and chatter.
            logging.getLogger(noisy).setLevel(logging.WARNING)
        # boto3 would bring its resources along, which nobody here uses and every cold start would pay for.
        self._session: Any = botocore.session.get_session()
        self._secrets_prefix = environment.get("WECHAT_OA_SECRETS_PREFIX", "")
        self.settings: Settings = read_settings(with_secrets(environment, self._fetch_secrets))

    def client(self, service: str, config: Config = _CONFIG) -> Any:
        """Return a client of one of AWS's services, such as ``sqs``."""
        return self._session.create_client(service, config=config)

    def table(self) -> DynamoTable:
        """Return the table that the settings name."""
        return DynamoTable(self.client("dynamodb"), self.settings.table_name)

    def ask_for_token(self) -> Ask | None:
        """Return what asks the function that fetches access tokens, if there is one."""
        name = self.settings.token_function
        if not name:
            return None
        from wechat_oa.aws_token import CONFIG, TokenFunction  # noqa: PLC0415  (the callback has no use for it)

        return TokenFunction(lambda: self.client("lambda", CONFIG), name)

    def secret_name(self, name: str) -> str:
        """Return the full name of the SSM parameter that a secret lives under."""
        return self._secrets_prefix + name

    def _fetch_secrets(self, names: list[str]) -> dict[str, str]:
        client = self.client("ssm", _START_CONFIG)
        values: dict[str, str] = {}
        for first in range(0, len(names), _SECRETS_PER_CALL):
            batch = names[first : first + _SECRETS_PER_CALL]
            answer = client.get_parameters(Names=batch, WithDecryption=True)
            values |= {parameter["Name"]: parameter["Value"] for parameter in answer["Parameters"]}
        return values
