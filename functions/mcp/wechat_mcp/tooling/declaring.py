"""A tool is declared as a few functions, one for each action; its schema is read from their signatures."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, get_type_hints

from mcp_types import ToolAnnotations
from pydantic import BaseModel, ConfigDict, create_model

from wechat_mcp.tooling.results import Refused, Result
from wechat_mcp.tooling.scopes import Scope

if TYPE_CHECKING:
    from wechat_mcp.tooling.calling import Call

Run = Callable[..., Awaitable[Result]]

_CONFIRM = {
    "type": "boolean",
    "default": False,
    "description": "确认要做不能撤回的事；没有确认时只说明会发生什么",
}
_DRY_RUN = {
    "type": "boolean",
    "default": False,
    "description": "只看会向微信发送什么，不真的发送",
}


class Parameters(BaseModel):
    """Parameters that several actions take alike. An action's function takes one of its subclasses as one
    argument, and a call gives the fields, flat among the others."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, str_strip_whitespace=False)


@dataclass(frozen=True)
class Action:
    """One thing that a tool does."""

    name: str
    run: Run
    says: str
    """What it does, in Chinese."""
    scope: Scope
    given: tuple[str, ...]
    """Parameters of which any, given without an action, means this one."""
    also: tuple[str, ...]
    """Other names for it."""
    warns: str
    """What cannot be undone about it, in Chinese, parameters in braces; empty: it needs no confirming."""
    destructive: bool
    model: type[Parameters]
    groups: Mapping[str, type[Parameters]]
    """The arguments of ``run`` that are groups of parameters; ``model`` has the fields of all of them."""

    async def perform(self, call: Call, values: Mapping[str, Any]) -> Result:
        """Do it, with the values of all parameters. Raises what the function raises."""
        arguments = {name: self.model.model_construct(**values) for name in self.groups}
        grouped = {field for group in self.groups.values() for field in group.model_fields}
        alone = {name: value for name, value in values.items() if name not in grouped}
        return await self.run(call, **arguments, **alone)

    @property
    def required(self) -> list[str]:
        """The parameters that must be given."""
        return [name for name, field in self.model.model_fields.items() if field.is_required()]


class Declared:
    """A tool's name, what it says of itself, and its actions."""

    def __init__(
        self, name: str, title: str, description: str, *, open_world: bool = True, calls_others: bool = False
    ) -> None:
        """``description`` is for the model that picks tools; the actions are listed below it by themselves.

        ``open_world``: whether it reaches beyond this server (to WeChat). ``calls_others``: whether it may do
        whatever any other tool does.
        """
        self.name = name
        self.title = title
        self._description = description
        self._open_world = open_world
        self._calls_others = calls_others
        self.actions: dict[str, Action] = {}
        self._single = False

    def action(
        self,
        name: str,
        says: str,
        *,
        scope: Scope = "publish",
        given: tuple[str, ...] = (),
        also: tuple[str, ...] = (),
        warns: str = "",
        destructive: bool = False,
    ) -> Callable[[Run], Run]:
        """Declare the function below as an action. Where no scope is declared it needs ``publish``.

        The first action without ``given`` that needs nothing but reading is what an empty call does.
        """

        def declare(run: Run) -> Run:
            groups = _groups(run)
            self.actions[name] = Action(
                name=name,
                run=run,
                says=says,
                scope=scope,
                given=given,
                also=also,
                warns=warns,
                destructive=destructive or bool(warns),
                model=_model(run, groups),
                groups=groups,
            )
            return run

        return declare

    def only(self, says: str, *, scope: Scope = "publish") -> Callable[[Run], Run]:
        """Declare the function below as all that the tool does: it then takes no ``action``."""
        self._single = True
        return self.action("call", says, scope=scope)

    def pick(self, arguments: Mapping[str, Any], written: object) -> Action:
        """Return the action that is named, or else the obvious one. Raises Refused."""
        if self._single:
            return next(iter(self.actions.values()))
        if written not in (None, ""):
            wanted = _squeezed(str(written))
            for action in self.actions.values():
                if wanted in map(_squeezed, (action.name, *action.also)):
                    return action
            raise Refused(f"{self.name} 没有动作 {written}。可以用：{'、'.join(self.actions)}。")
        for action in self.actions.values():
            if any(arguments.get(name) not in (None, "", [], {}) for name in action.given):
                return action
        for action in self.actions.values():
            if action.scope == "read" and not action.required and not action.given:
                return action
        raise Refused(f"请说明要做什么：{self.name} 的 action 可以是 {'、'.join(self.actions)}。")

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The flat JSON schema of the arguments: plain types with defaults, for clients that refuse anyOf."""
        properties: dict[str, Any] = {}
        if not self._single:
            names = [name for each in self.actions.values() for name in (each.name, *each.also)]
            properties["action"] = {"type": "string", "enum": names, "description": self._actions_in_short()}
        for action in self.actions.values():
            properties = {**_properties(action.model), **properties}
        # In the order in which they were declared.
        order = ["action", *(name for each in self.actions.values() for name in each.model.model_fields)]
        properties = {name: properties[name] for name in dict.fromkeys(order) if name in properties}
        for name, described in properties.items():
            if needed := [each.name for each in self.actions.values() if name in each.required]:
                where = "" if self._single else f"{'、'.join(needed)} "
                described["description"] = f"{described.get('description', '')}（{where}必填）".lstrip()
        if self.irreversible:
            properties["confirm"] = dict(_CONFIRM)
        if self.changes_anything:
            properties["dry_run"] = dict(_DRY_RUN)
        schema: dict[str, Any] = {"type": "object", "properties": properties}
        if self._single and (required := next(iter(self.actions.values())).required):
            schema["required"] = required
        return schema

    @cached_property
    def names(self) -> list[str]:
        """The names of all parameters."""
        return list(self.parameters["properties"])

    @property
    def irreversible(self) -> bool:
        """Whether any action must be confirmed."""
        return any(action.warns for action in self.actions.values())

    @property
    def changes_anything(self) -> bool:
        """Whether any action does more than read."""
        return any(action.scope != "read" for action in self.actions.values())

    @property
    def least_scope(self) -> Scope:
        """The scope without which the tool is of no use."""
        scopes = {action.scope for action in self.actions.values()}
        return next(scope for scope in ("read", "write", "publish") if scope in scopes)

    @property
    def description(self) -> str:
        """What the tool says of itself to the model."""
        if self._single:
            return self._description
        lines = [f"- {each.name}：{each.says}" for each in self.actions.values()]
        return "\n".join([self._description, "动作（action）：", *lines])

    @property
    def annotations(self) -> ToolAnnotations:
        """Hints for clients that ask before they call."""
        changes = self.changes_anything or self._calls_others
        return ToolAnnotations(
            title=self.title,
            read_only_hint=not changes,
            destructive_hint=self._calls_others or any(each.destructive for each in self.actions.values()),
            idempotent_hint=not changes,
            open_world_hint=self._open_world,
        )

    def _actions_in_short(self) -> str:
        inferred = [
            f"给了 {'/'.join(each.given)} 就是 {each.name}" for each in self.actions.values() if each.given
        ]
        return "要做什么" + (f"；不写时：{'，'.join(inferred)}" if inferred else "")


def _model(run: Run, groups: Mapping[str, type[Parameters]]) -> type[Parameters]:
    """The parameters of an action's function, except for the call itself, as one model."""
    hints = get_type_hints(run, include_extras=True)
    fields: dict[str, Any] = {}
    for parameter in list(inspect.signature(run).parameters.values())[1:]:
        if parameter.name not in groups:
            default = ... if parameter.default is parameter.empty else parameter.default
            fields[parameter.name] = (hints[parameter.name], default)
    bases = tuple(groups.values()) or (Parameters,)
    return create_model(f"{run.__module__}.{run.__name__}", __base__=bases, **fields)


def _groups(run: Run) -> dict[str, type[Parameters]]:
    """Which arguments of an action's function are groups of parameters."""
    return {
        name: kind
        for name, kind in get_type_hints(run).items()
        if isinstance(kind, type) and issubclass(kind, Parameters)
    }


def _properties(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schemas of a model's fields: no titles, no references, each with its default."""
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    properties: dict[str, Any] = _inlined(schema.get("properties", {}), definitions)
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            # Nothing is given by default, rather than every field empty.
            properties[name]["default"] = {}
    return properties


def _inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        target = definitions[schema["$ref"].rpartition("/")[2]]
        return _inlined({**target, **{k: v for k, v in schema.items() if k != "$ref"}}, definitions)
    return {
        name: _inlined(value, definitions)
        for name, value in schema.items()
        # A property may itself be called title.
        if name != "title" or isinstance(value, dict)
    }


def _squeezed(name: str) -> str:
    return name.strip().replace("_", "").replace("-", "").lower()
