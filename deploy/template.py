"""What template.yaml says of itself: its parameters, the secrets its functions ask for, what outlives it."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

SECRETS_VERSION = "SecretsVersion"
"""The parameter that every function finds in its environment: a new value starts every function anew, in a
new version where it has versions (SnapStart)."""
SECRETS_PREFIX = "SecretsPrefix"
_OWN = (SECRETS_VERSION, SECRETS_PREFIX)


@dataclass(frozen=True)
class Parameter:
    """One parameter, and the line of ``.env`` that fills it."""

    name: str
    type: str = "String"
    default: str = ""
    pattern: str = ""
    allowed: tuple[str, ...] = ()
    limits: tuple[float, float] = (float("-inf"), float("inf"))
    """Of a number its value, of a text its length in characters."""
    description: str = ""
    meaning: str = ""
    """What a value must look like, for whoever gave another."""

    @property
    def setting(self) -> str:
        """The name in ``.env``: WechatAppId is WECHAT_APP_ID."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", self.name).upper()


@dataclass(frozen=True)
class Template:
    """The parts of a template that matter here."""

    parameters: dict[str, Parameter]
    secrets: tuple[str, ...]
    """The settings that functions read from SSM, each named once."""
    retained: frozenset[str] = field(default_factory=frozenset)
    """Logical ids of what stays when the stack is deleted."""

    @property
    def chosen(self) -> dict[str, Parameter]:
        """Parameters that the owner fills; the rest is this tool's."""
        return {name: each for name, each in self.parameters.items() if name not in _OWN}


class _Loader(yaml.CSafeLoader):
    """Reads ``!Ref Name`` as ``{"Ref": "Name"}``, and every other short form alike."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        text = loader.construct_scalar(node)
        # Only the short form may have a dot here.
        return {name: text.split(".", 1) if suffix == "GetAtt" else text}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)  # noqa: S101  # nosec B101 (YAML knows no fourth kind)
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _short_form)


def read_template(path: Path) -> Template:
    """Return what the template in a file says of itself."""
    return parse_template(path.read_text("utf-8"))


def load_source(text: str) -> dict[str, Any]:
    """Return a template (YAML or JSON) as it is written, functions in their long form."""
    # The loader is a safe one: it makes dicts, lists and texts alone.
    source: dict[str, Any] = yaml.load(text, _Loader)  # noqa: S506  # nosec B506
    return source


@functools.cache
def parse_template(text: str) -> Template:
    """Return what a template (YAML or JSON) says of itself; reading it takes a tenth of a second, once."""
    source = load_source(text)
    resources: dict[str, Any] = source.get("Resources", {})
    return Template(
        {name: _parameter(name, each) for name, each in source.get("Parameters", {}).items()},
        tuple(dict.fromkeys(name for each in resources.values() for name in _secrets(each))),
        frozenset(name for name, each in resources.items() if each.get("DeletionPolicy") == "Retain"),
    )


def _parameter(name: str, source: dict[str, Any]) -> Parameter:
    kind = str(source.get("Type", "String"))
    low, high = ("MinValue", "MaxValue") if kind == "Number" else ("MinLength", "MaxLength")
    return Parameter(
        name,
        kind,
        str(source.get("Default", "")),
        str(source.get("AllowedPattern", "")),
        tuple(map(str, source.get("AllowedValues", ()))),
        (float(source.get(low, "-inf")), float(source.get(high, "inf"))),
        str(source.get("Description", "")),
        str(source.get("ConstraintDescription", "")),
    )


def _secrets(resource: dict[str, Any]) -> list[str]:
    environment = resource.get("Properties", {}).get("Environment")
    variables = environment.get("Variables", {}) if isinstance(environment, dict) else {}
    return _names(variables.get("WECHAT_OA_SECRETS", ""))


def _names(source: Any) -> list[str]:
    """Names between commas, whatever the condition under which a function asks for them."""
    if isinstance(source, dict):
        _condition, *choices = source.get("Fn::If", [""])
        return [name for choice in choices for name in _names(choice)]
    return [name.strip() for name in str(source).split(",") if name.strip()]
