"""A secret as an SSM SecureString, encrypted with the account's own key for SSM."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from wechat_oa.store.aws_errors import aws_errors, error_code


class SsmVault:
    """One parameter."""

    def __init__(self, make_client: Callable[[], Any], name: str) -> None:
        """``make_client`` returns botocore's client for SSM; most processes never need it."""
        self._make_client = make_client
        self._name = name

    @cached_property
    def _client(self) -> Any:
        return self._make_client()

    def save(self, text: str) -> None:
        """See Vault."""
        with aws_errors("PutParameter"):
            self._client.put_parameter(Name=self._name, Value=text, Type="SecureString", Overwrite=True)

    def load(self) -> str | None:
        """See Vault."""
        with aws_errors("GetParameter"):
            try:
                answer = self._client.get_parameter(Name=self._name, WithDecryption=True)
            except ClientError as error:
                if error_code(error) == "ParameterNotFound":
                    return None
                raise
        return str(answer["Parameter"]["Value"])

    def forget(self) -> None:
        """See Vault."""
        with aws_errors("DeleteParameter"):
            try:
                self._client.delete_parameter(Name=self._name)
            except ClientError as error:
                if error_code(error) != "ParameterNotFound":
                    raise
