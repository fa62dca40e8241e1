"""From the owner's settings to the template's parameters, and to the file in which SAM is given them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import yaml

from deploy.errors import DeployError
from deploy.template import Parameter, Template
from wechat_oa.settings import Settings, read_settings

_ALIASES = {"OPENAI_API_URL": "OPENAI_BASE_URL", "OPENAI_WECHAT_API_URL": "OPENAI_WECHAT_BASE_URL"}
"""Settings with a second name, which read_settings knows too."""
_WORDS = {
    **dict.fromkeys(("1", "true", "yes", "on"), "true"),
    **dict.fromkeys(("0", "false", "no", "off"), "false"),
}


def parameter_values(
    template: Template, environment: Mapping[str, str], settings: Settings
) -> dict[str, str]:
    """Return a value for every parameter that the owner fills: theirs, else the template's default.

    All of them, since a parameter that is not named keeps the value of the deployment before: what is taken
    out of ``.env`` would stay. Raises DeployError with a line for each value that the template refuses.
    """
    values = {name: _value(each, environment) for name, each in template.chosen.items()}
    values["WechatMsgContextPath"] = settings.context_path
    problems = [_problem(each, values[name]) for name, each in template.chosen.items()]
    if any(problems):
        raise DeployError("\n".join(filter(None, problems)))
    return values


def owner_value(parameter: Parameter, environment: Mapping[str, str]) -> str:
    """Return the owner's value for one parameter, else its default. Raises DeployError for a refused one."""
    value = _value(parameter, environment)
    if problem := _problem(parameter, value):
        raise DeployError(problem)
    return value


def _value(parameter: Parameter, environment: Mapping[str, str]) -> str:
    setting = parameter.setting
    given = environment.get(setting, "")
    if not given.strip():
        given = environment.get(_ALIASES.get(setting, ""), "")
    if not given.strip():
        return parameter.default
    # A parameter cannot keep spaces at its ends, nor a line break in every console: `\n` is read as one.
    value = given.strip(" \t").replace("\r\n", "\n").replace("\n", "\\n")
    by_case = {each.lower(): each for each in parameter.allowed}
    word = value.strip().lower()
    return by_case.get(word) or by_case.get(_WORDS.get(word, ""), "") or value


def _problem(parameter: Parameter, value: str) -> str:
    """Why the template refuses a value; empty if it does not."""
    low, high = parameter.limits
    if parameter.type == "Number":
        fits = bool(re.fullmatch(r"-?\d{1,12}(\.\d+)?", value)) and low <= float(value) <= high
    else:
        fits = low <= len(value) <= high
    if parameter.allowed:
        fits = fits and value in parameter.allowed
    if parameter.pattern:
        fits = fits and bool(re.search(parameter.pattern, value))
    if fits:
        return ""
    return f"{parameter.setting}：{parameter.meaning or _range(parameter) or parameter.description}"


def _range(parameter: Parameter) -> str:
    low, high = parameter.limits
    if parameter.allowed:
        words = [each for each in parameter.allowed if each]
        return f"只能是 {'、'.join(words)} · one of {', '.join(words)}"
    if parameter.type == "Number":
        return f"{low:g} 到 {high:g} 的数 · a number from {low:g} to {high:g}"
    return f"最多 {high:g} 个字 · {high:g} characters at most" if high < float("inf") else ""


def parameter_file(values: Mapping[str, str]) -> str:
    """Return the YAML file for ``sam deploy --parameter-overrides file://…``.

    In a file no shell and no pattern splits the values; but SAM still takes quotes off their ends and the
    backslash from before spaces and quotes, once for the file and once for the option that names it. So
    each value is quoted the way that is undone, twice.
    """
    quoted = {name: _quoted(_quoted(value)) for name, value in values.items()}
    # In ASCII, whatever encoding the file is read with.
    return yaml.safe_dump(quoted, default_style='"', allow_unicode=False, width=100_000)


def _quoted(value: str) -> str:
    return '"' + re.sub(r"""([ "'])""", r"\\\1", value) + '"'


class _Asked(dict[str, str]):
    """An environment in which nothing is set, and which remembers what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name: str, default: object = None) -> str:
        self.names.add(name)
        return ""


def unknown_settings(template: Template, names: Mapping[str, str]) -> list[str]:
    """Return the names in the owner's file that nothing reads: mistyped ones, mostly."""
    asked = _Asked()
    read_settings(asked)
    known = asked.names | {each.setting for each in template.parameters.values()} | set(template.secrets)
    return [n for n in names if n not in known and not n.startswith(("AWS_", "SAM_")) and n != "STACK"]
