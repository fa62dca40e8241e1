"""template.yaml as CloudFormation sees it: expanded by SAM's own translator, with parameters filled in."""

from __future__ import annotations

import copy
import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser  # type: ignore[import-untyped]
from samtranslator.translator.translator import Translator  # type: ignore[import-untyped]
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]
Resource = dict[str, Any]


class Stack:
    """The resources, by logical id, for one choice of parameters.

    Parameters and conditions are worked out. What only AWS knows stays readable: a resource is ``Table``, its
    attribute ``Table.Arn``, and inside a longer text ``${Table}`` and ``${AWS::Region}``.
    """

    def __init__(
        self, partition: str = "aws", content: Any = None, template: Any = None, **parameters: Any
    ) -> None:
        """``parameters`` are those that differ from the template's defaults; ``content`` is where what was
        built lies, by resource; ``template`` is another one than template.yaml."""
        template = copy.deepcopy(template) or source()
        for name, resource in template["Resources"].items():
            for key in ("CodeUri", "ContentUri"):
                # `sam package` puts what was built into a bucket; the translator wants to see that it did.
                if key in resource.get("Properties", {}):
                    resource["Properties"][key] = (content or {}).get(name, "s3://bucket/key")
        session = boto3.Session(region_name="us-east-1")
        expanded = Translator({}, Parser(), boto_session=session).translate(template, dict(parameters))
        self.expanded: dict[str, Resource] = expanded["Resources"]
        """The resources as SAM makes them, nothing worked out."""
        self.parameters: dict[str, Resource] = expanded["Parameters"]
        defaults = {name: each["Default"] for name, each in self.parameters.items()}
        self._values: Mapping[str, Any] = {**defaults, **parameters}
        self._partition = partition
        self._conditions: Mapping[str, Any] = expanded["Conditions"]
        self.groups = source()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        self.outputs: dict[str, Any] = {
            name: self._resolved(each)
            for name, each in expanded["Outputs"].items()
            if self._holds(each.get("Condition"))
        }
        self.resources: dict[str, Resource] = {
            name: self._resolved(each)
            for name, each in expanded["Resources"].items()
            if self._holds(each.get("Condition"))
        }

    def of_type(self, kind: str) -> dict[str, Resource]:
        """Return the properties of every resource of a type, by logical id."""
        return {n: each["Properties"] for n, each in self.resources.items() if each["Type"] == kind}

    def properties(self, name: str) -> Resource:
        """Return the properties of one resource."""
        properties: Resource = self.resources[name]["Properties"]
        return properties

    @property
    def functions(self) -> dict[str, Resource]:
        """The Lambda functions' properties."""
        return self.of_type("AWS::Lambda::Function")

    def environment(self, function: str) -> dict[str, str]:
        """Return what a function finds in its environment."""
        variables: dict[str, str] = self.functions[function]["Environment"]["Variables"]
        return variables

    @staticmethod
    def _substituted(text: str, values: Mapping[str, Any]) -> str:
        return re.sub(r"\$\{(\w+)\}", lambda found: str(values.get(found[1], found[0])), text)

    def _holds(self, condition: str | None) -> bool:
        return condition is None or bool(self._resolved(self._conditions[condition]))

    def _resolved(self, value: Any) -> Any:  # noqa: PLR0912  (a function of CloudFormation's in each)
        if isinstance(value, list):
            return [each for each in map(self._resolved, value) if each != "AWS::NoValue"]
        if not isinstance(value, dict):
            return value
        match list(value.items()):
            case [("Ref", "AWS::Partition")]:
                return self._partition
            case [("Ref", str(name))]:
                return self._values.get(name, name)
            case [("Fn::GetAtt", [resource, attribute])]:
                return f"{resource}.{attribute}"
            case [("Fn::Sub", str(text))]:
                return self._substituted(text, self._values)
            case [("Fn::Sub", [str(text), dict(more)])]:
                return self._substituted(text, {**self._values, **self._resolved(more)})
            case [("Fn::If", [condition, yes, no])]:
                return self._resolved(yes if self._holds(condition) else no)
            case [("Fn::Not", [inner])]:
                return not self._resolved(inner)
            case [("Fn::Equals", [left, right])]:
                return str(self._resolved(left)) == str(self._resolved(right))
            case [("Fn::Or", list(parts))]:
                return any(map(self._resolved, parts))
            case [("Fn::And", list(parts))]:
                return all(map(self._resolved, parts))
            case [("Condition", str(name))]:
                return self._holds(name)
        resolved = {key: self._resolved(each) for key, each in value.items()}
        return {key: each for key, each in resolved.items() if each != "AWS::NoValue"}


def source(path: Path = ROOT / "template.yaml") -> dict[str, Any]:
    """Return a template as it is written, intrinsic functions in their long form, to be changed at will."""
    plain: dict[str, Any] = json.loads(_as_json(path.read_text()))
    return plain


@functools.cache
def _as_json(text: str) -> str:
    """SAM's own reader of YAML takes a second for ours: once is enough."""
    return json.dumps(yaml_parse(text))
