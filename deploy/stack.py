"""The deployed stack, as CloudFormation tells of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from deploy.aws import Aws
from deploy.errors import DeployError
from deploy.template import SECRETS_PREFIX, SECRETS_VERSION, Template, parse_template

_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
_POLL_SECONDS = 5.0


@dataclass(frozen=True)
class Resource:
    """One resource: its name in the template, and what AWS calls it."""

    logical: str
    physical: str
    type: str
    status: str = ""
    reason: str = ""


class Stack:
    """One stack, by its name."""

    def __init__(self, aws: Aws, name: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        """Nothing is asked yet; ``sleep`` passes the seconds between two looks at something that goes on."""
        self.name = name
        self._sleep = sleep
        self._cloudformation = aws.client("cloudformation")

    def describe(self, stack_id: str = "") -> dict[str, Any] | None:
        """Return what CloudFormation tells of the stack; None if there is none. Raises ClientError."""
        try:
            (found,) = self._cloudformation.describe_stacks(StackName=stack_id or self.name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        stack: dict[str, Any] = found
        return stack

    def existing(self) -> dict[str, Any]:
        """Return the same. Raises DeployError if there is no such stack."""
        found = self.describe()
        if found is None:
            raise DeployError(
                f"这个区域里没有叫 {self.name} 的部署：先 make deploy；换过名字、区域的要说明"
                f" · There is no stack {self.name} in this region: see STACK and AWS_REGION"
            )
        return found

    def outputs(self) -> dict[str, str]:
        """Return the outputs by name. Raises DeployError if there is no such stack."""
        return {each["OutputKey"]: each["OutputValue"] for each in self.existing().get("Outputs", ())}

    def parameters(self) -> dict[str, str]:
        """Return the parameters that the stack was deployed with, by name."""
        given = self.existing().get("Parameters", ())
        return {each["ParameterKey"]: each.get("ParameterValue", "") for each in given}

    def secrets_prefix(self) -> str:
        """Return the SSM path of the stack's secrets; empty if its template knows of none."""
        return self.parameters().get(SECRETS_PREFIX, "")

    def resources(self) -> list[Resource]:
        """Return everything the stack consists of, in the order of names."""
        pages = self._cloudformation.get_paginator("list_stack_resources").paginate(StackName=self.name)
        return sorted(
            (
                Resource(
                    each["LogicalResourceId"],
                    each.get("PhysicalResourceId", ""),
                    each["ResourceType"],
                    each.get("ResourceStatus", ""),
                    each.get("ResourceStatusReason", ""),
                )
                for page in pages
                for each in page["StackResourceSummaries"]
                if each.get("ResourceStatus") != "DELETE_COMPLETE"
            ),
            key=lambda each: each.logical,
        )

    def template(self) -> Template:
        """Return the template as it was deployed, which may be older than the one in this folder."""
        body = self._cloudformation.get_template(StackName=self.name, TemplateStage="Original")[
            "TemplateBody"
        ]
        return parse_template(body if isinstance(body, str) else json.dumps(body))

    def restart_functions(self, version: str) -> None:
        """Start every function anew, so that it reads its secrets again; returns when that is done.

        Only SecretsVersion changes, which all of them have in their environment. Raises DeployError.
        """
        parameters = self.parameters()
        if SECRETS_VERSION not in parameters:
            raise DeployError(
                "部署的版本还不会换密钥：再 make deploy 一次"
                " · This deployment is too old to take new secrets: run make deploy"
            )
        if parameters[SECRETS_VERSION] == version:
            return
        kept = [
            {"ParameterKey": name, "UsePreviousValue": True} for name in parameters if name != SECRETS_VERSION
        ]
        self._cloudformation.update_stack(
            StackName=self.name,
            UsePreviousTemplate=True,
            Capabilities=_CAPABILITIES,
            Parameters=[*kept, {"ParameterKey": SECRETS_VERSION, "ParameterValue": version}],
        )
        status = self._ended()
        if status != "UPDATE_COMPLETE":
            raise DeployError(
                f"更新没有成功（{status}）：{self._failures()}"
                " · The update did not succeed; the CloudFormation console tells more"
            )

    def delete(self) -> None:
        """Delete the stack and return when it is gone. Raises DeployError, with what could not be deleted."""
        stack_id = self.existing()["StackId"]
        self._cloudformation.delete_stack(StackName=stack_id)
        status = self._ended(stack_id)
        if status != "DELETE_COMPLETE":
            raise DeployError(
                f"没有删干净（{status}）：{self._failures()}\n再运行一次 make destroy 接着删"
                " · Not everything could be deleted; run make destroy again"
            )

    def _ended(self, stack_id: str = "") -> str:
        """Wait until nothing is under way any more, and return the state it ended in."""
        for status in self._states(stack_id):
            if not status.endswith("_IN_PROGRESS"):
                return status
        return "DELETE_COMPLETE"

    def _states(self, stack_id: str) -> Iterator[str]:
        while found := self.describe(stack_id):
            yield found["StackStatus"]
            self._sleep(_POLL_SECONDS)

    def _failures(self) -> str:
        failed = [each for each in self.resources() if each.status.endswith("_FAILED")]
        return "；".join(f"{each.logical} {each.reason}" for each in failed) or "原因见 CloudFormation 控制台"
