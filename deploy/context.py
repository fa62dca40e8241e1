"""What every command works with."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy import ROOT
from deploy.aws import Aws
from deploy.console import Console
from deploy.errors import DeployError
from deploy.owner_file import OwnerFile
from deploy.parameters import owner_value
from deploy.secret_store import SecretStore
from deploy.stack import Stack
from deploy.template import SECRETS_PREFIX, read_template

DEFAULT_STACK = "wechat-oa"
_STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,99}")


@dataclass(frozen=True)
class Context:
    """The owner's environment, the terminal, and which stack is meant."""

    environment: Mapping[str, str]
    """The process's own, with what ``.env`` sets where it does not."""
    file: OwnerFile
    stack_name: str
    console: Console
    root: Path = ROOT
    """Where template.yaml and samconfig.toml are."""
    endpoint_url: str | None = None
    """Another service than AWS's own, for tests."""
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    _made: dict[str, Aws] = field(default_factory=dict)

    @property
    def aws(self) -> Aws:
        """AWS, made when it is first needed. Raises DeployError."""
        if "aws" not in self._made:
            self._made["aws"] = Aws(self.environment, self.endpoint_url)
        return self._made["aws"]

    def stack(self) -> Stack:
        """Return the stack that is meant; it need not exist."""
        return Stack(self.aws, self.stack_name, sleep=self.sleep)

    def secret_store(self, prefix: str = "") -> SecretStore:
        """Return the secrets of the stack, under ``prefix`` or the path that the next deployment uses."""
        return SecretStore(self.aws, prefix or self.secrets_prefix, stack=self.stack_name)

    @property
    def secrets_prefix(self) -> str:
        """The SSM path of a stack that is yet to be deployed. Raises DeployError for one that cannot be."""
        if not self.environment.get("SECRETS_PREFIX", "").strip():
            return f"/{DEFAULT_STACK}/{self.stack_name}/"
        template = read_template(self.root / "template.yaml")
        return owner_value(template.parameters[SECRETS_PREFIX], self.environment)


def make_context(stack_name: str, env_file: Path, console: Console) -> Context:
    """Return the context of this process. Raises DeployError for a name that no stack can have."""
    file = OwnerFile(env_file)
    environment = {**file.values(), **os.environ}
    name = stack_name or environment.get("STACK", "") or DEFAULT_STACK
    if not _STACK_NAME.fullmatch(name):
        raise DeployError(
            f"STACK 要是字母开头的字母、数字和 -，最多 100 个：{name!r} · not a name that a stack can have"
        )
    return Context(environment, file, name, console)
