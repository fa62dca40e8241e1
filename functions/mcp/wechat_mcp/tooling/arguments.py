"""Arguments as people and models write them, turned into those that an action takes."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from wechat_mcp.tooling.results import Refused

ALIASES: dict[str, tuple[str, ...]] = {
    # how it is written -> what it may mean, the first that the tool has
    "type": ("media_type",),
    "cover_media_id": ("thumb_media_id",),
    "introduction": ("digest",),
    "html": ("html_content", "content"),
    "text": ("content", "query"),
    "file": ("file_path",),
    "path": ("file_path",),
    "base64": ("file_data",),
    "name": ("file_name", "filename", "tag_name"),
    "filename": ("file_name",),
    "file_name": ("filename",),
    "image_url": ("url",),
    "user": ("openid",),
    "touser": ("openid",),
    "open_id": ("openid",),
    "appid": ("app_id",),
    "appsecret": ("app_secret",),
    "secret": ("app_secret",),
    "code": ("custom_code",),
    "overwrite_existing": ("overwrite",),
    "buttons": ("button",),
    "tool": ("tool_name",),
    "args": ("arguments",),
    "source_url": ("content_source_url",),
    "pic_crop2351": ("pic_crop_235_1",),
    "pic_crop11": ("pic_crop_1_1",),
}


def snake(name: str) -> str:
    """Return a camelCase name in snake_case: appId is app_id, htmlContent html_content."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return spaced.replace("-", "_").lower()


def resolve(name: str, known: Iterable[str]) -> str | None:
    """Return which of the known names a name means, or None."""
    names = set(known)
    if name in names:
        return name
    plain = snake(name)
    if plain in names:
        return plain
    squeezed = plain.replace("_", "")
    return next(
        (
            each
            for each in (*ALIASES.get(plain, ()), *(n for n in names if n.replace("_", "") == squeezed))
            if each in names
        ),
        None,
    )


def renamed(arguments: Mapping[str, Any], known: Iterable[str], tool: str) -> dict[str, Any]:
    """Return the arguments under their own names, without those that are null (not given).

    Raises Refused for a name that means nothing here, and for one thing given twice and differently.
    """
    names = list(known)
    found: dict[str, Any] = {}
    for written, value in arguments.items():
        name = resolve(written, names)
        if name is None:
            close = difflib.get_close_matches(snake(written), names, n=1)
            hint = f"是不是 {close[0]}？" if close else ""
            raise Refused(f"{tool} 没有参数 {written}。{hint}它的参数是：{'、'.join(names)}。")
        if value is None:
            continue
        if name in found and found[name] != value:
            raise Refused(f"参数 {name} 给了两次（{written} 也是它），而且不一样：请只留一个。")
        found[name] = value
    return found


def deep_snake(value: Any) -> Any:
    """Return nested JSON with every name in snake_case, as WeChat writes them."""
    if isinstance(value, Mapping):
        return {_platform_name(str(key)): deep_snake(each) for key, each in value.items()}
    if isinstance(value, list):
        return [deep_snake(each) for each in value]
    return value


def validated(model: type[BaseModel], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments as the model types them. Raises Refused, with a line for each that is wrong."""
    given = {name: _from_text(model, name, value) for name, value in arguments.items()}
    try:
        checked = model.model_validate(given)
    except ValidationError as error:
        lines = [_explained(each) for each in error.errors(include_url=False, include_context=True)]
        raise Refused("\n".join(dict.fromkeys(lines))) from None
    return {name: getattr(checked, name) for name in model.model_fields}


def _platform_name(name: str) -> str:
    plain = snake(name)
    return ALIASES[plain][0] if plain in ("pic_crop2351", "pic_crop11", "cover_media_id") else plain


def _from_text(model: type[BaseModel], name: str, value: Any) -> Any:
    """Some clients send objects and lists as JSON in a string."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    field = model.model_fields.get(name)
    if field is None or field.annotation is str:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


_KINDS = {
    "int_parsing": "要是整数",
    "int_type": "要是整数",
    "int_from_float": "要是整数",
    "bool_parsing": "要是 true 或 false",
    "bool_type": "要是 true 或 false",
    "float_parsing": "要是数字",
    "string_type": "要是文字",
    "list_type": "要是列表",
    "dict_type": "要是对象",
    "model_type": "要是对象",
    "missing": "没有给",
}


def _explained(error: Any) -> str:
    """One line in Chinese about one wrong argument."""
    where = ".".join(str(part) for part in error["loc"]) or "参数"
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        return f"缺少参数 {where}。"
    match kind:
        case "literal_error":
            problem = f"只能是 {context['expected'].replace(' or ', '、')}"
        case "greater_than_equal":
            problem = f"不能小于 {context['ge']}"
        case "less_than_equal":
            problem = f"不能大于 {context['le']}"
        case "string_too_long":
            problem = f"最多 {context['max_length']} 个字符"
        case "string_too_short":
            problem = "不能为空"
        case "too_long":
            problem = f"最多 {context['max_length']} 个"
        case "too_short":
            problem = f"至少 {context['min_length']} 个"
        case "value_error":
            problem = str(context["error"])
        case "extra_forbidden":
            problem = "没有这个字段"
        case _:
            problem = _KINDS.get(kind, "不对")
    shown = repr(error.get("input"))
    return f"参数 {where} {problem}（收到 {shown[:80]}{'…' if len(shown) > 80 else ''}）。"
