"""The secrets of a deployment: SecureStrings in SSM, which the functions read when they start."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from deploy.aws import Aws
from deploy.errors import DeployError

_PER_CALL = 10
_MOST_BYTES = 4096
"""What a parameter of the standard tier, which costs nothing, may hold."""


class SecretStore:
    """The secrets under one path, by the names that the settings have."""

    def __init__(self, aws: Aws, prefix: str, *, stack: str) -> None:
        """``prefix`` begins and ends with a slash; ``stack`` is what the secrets are tagged with."""
        self.prefix = prefix
        self._tags = [{"Key": "application", "Value": "wechat-oa"}, {"Key": "stack", "Value": stack}]
        self._ssm = aws.client("ssm")

    def read(self, names: Sequence[str]) -> dict[str, str]:
        """Return those of the secrets that exist. Raises ClientError."""
        return {
            each["Name"].removeprefix(self.prefix): each["Value"] for each in self._get(names, decrypt=True)
        }

    def write(self, values: Mapping[str, str]) -> list[str]:
        """Store what is new or has changed, and return the names of that. Raises DeployError, ClientError."""
        too_long = [name for name, value in values.items() if len(value.encode()) > _MOST_BYTES]
        if too_long:
            raise DeployError(
                f"{'、'.join(too_long)} 太长：密钥最多 {_MOST_BYTES} 字节 · {_MOST_BYTES} bytes at most"
            )
        stored = self.read(list(values))
        changed = [name for name, value in values.items() if stored.get(name) != value]
        for name in changed:
            parameter = {"Name": self.prefix + name, "Value": values[name], "Type": "SecureString"}
            # Tags can be given to a new parameter only.
            more: dict[str, Any] = {"Overwrite": True} if name in stored else {"Tags": self._tags}
            self._ssm.put_parameter(**parameter, **more)
        return changed

    def delete(self, names: Iterable[str]) -> None:
        """Delete secrets; those that do not exist are none to delete. Raises ClientError."""
        for batch in _batches([self.prefix + name for name in names]):
            self._ssm.delete_parameters(Names=batch)

    def version(self, names: Sequence[str]) -> str:
        """Return a text that changes with any of the secrets, and tells nothing of them."""
        seen = sorted(
            f"{each['Name']} {each['Version']} {each['LastModifiedDate'].timestamp()}"
            for each in self._get(names)
        )
        return hashlib.sha256("\n".join(seen).encode()).hexdigest()[:16]

    def _get(self, names: Sequence[str], *, decrypt: bool = False) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for batch in _batches([self.prefix + name for name in names]):
            found += self._ssm.get_parameters(Names=batch, WithDecryption=decrypt)["Parameters"]
        return found


def _batches(names: Sequence[str]) -> list[Sequence[str]]:
    return [names[first : first + _PER_CALL] for first in range(0, len(names), _PER_CALL)]
