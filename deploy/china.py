"""The template without what AWS's regions in China do not know.

CloudFormation refuses a template that names a type of resource which the region has not, also where a
condition leaves that resource out. So it is taken out before, and with it every choice that is decided there.
"""

from __future__ import annotations

from typing import Any

_NO_VALUE = {"Ref": "AWS::NoValue"}
_DECIDED = {"InChina": True, "HasCloudFront": False, "HasSnapStart": False}
"""Conditions of template.yaml, as they are in China."""


def for_china(template: dict[str, Any]) -> dict[str, Any]:
    """Return a template (functions in their long form) for the regions in China."""
    return {
        section: {name: _chosen(each) for name, each in content.items() if _stays(each)}
        if section in ("Resources", "Outputs")
        else _chosen(content)
        for section, content in template.items()
    }


def _stays(part: dict[str, Any]) -> bool:
    return _DECIDED.get(part.get("Condition", ""), True)


def _chosen(value: Any) -> Any:
    if isinstance(value, list):
        return [_chosen(each) for each in value]
    if not isinstance(value, dict):
        return value
    match list(value.items()):
        case [("Fn::If", [str(condition), yes, no])] if condition in _DECIDED:
            return _chosen(yes if _DECIDED[condition] else no)
    kept = {name: _chosen(each) for name, each in value.items()}
    return {name: each for name, each in kept.items() if each != _NO_VALUE or name.startswith("Fn::")}
