"""What the owner does behind the password: read and change how the model is reached, make codes."""

from __future__ import annotations

import contextlib
import logging
import re
from dataclasses import replace
from typing import Annotated, Any, Literal

import httpx2
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from chat_app.bodies import read_body
from chat_app.errors import Refusal
from chat_app.services import ChatServices
from chat_app.visitors import visitor
from wechat_oa.ai.errors import Failure, ModelError
from wechat_oa.owner import SettingsClosedError, WrongPasswordError
from wechat_oa.runtime_config import AiSection
from wechat_oa.settings import AiSettings
from wechat_oa.tries import TooManyTriesError

log = logging.getLogger(__name__)

PASSWORD_HEADER = "x-config-password"  # noqa: S105  # nosec B105
TRIAL_SECONDS = 30.0
MOST_CODES = 50
_ADDRESS = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")
_KEY = r"^[!-~]*$"
"""What a header can carry."""


class Password(BaseModel):
    """What asks whether a password is right."""

    password: Annotated[str, Field(max_length=200)] = ""


def _number_or_none(value: Any) -> Any:
    return None if value == "" else value


class AiChange(Password):
    """How the model is to be reached; what is not named stays as it is."""

    model_config = ConfigDict(str_strip_whitespace=True)

    section: Literal["chat", "wechat"] = "chat"
    api_url: Annotated[str, Field(max_length=300)] = ""
    api_key: Annotated[str, Field(max_length=1000, pattern=_KEY)] = ""
    model: Annotated[str, Field(max_length=200)] = ""
    system_prompt: Annotated[str | None, Field(max_length=8_000)] = None
    temperature: Annotated[float | None, Field(ge=0, le=2), BeforeValidator(_number_or_none)] = None
    max_tokens: Annotated[int | None, Field(ge=1, le=1_000_000)] = None


class CodesWanted(Password):
    """How many codes, or the code that the owner has thought of."""

    count: Annotated[int, Field(ge=1, le=MOST_CODES)] = 1
    code: Annotated[str, Field(max_length=100)] = ""


TRIAL_FAILURES: dict[Failure, str] = {
    "misconfigured": "这个服务不接受：请检查地址、密钥、模型名，以及账户里还有没有余额。",
    "unreachable": "连不上这个地址，请检查有没有写错；要写到 /v1 这样的一段为止。",
    "timeout": f"等了 {TRIAL_SECONDS:g} 秒也没有回答，请换一个模型或地址再试。",
    "busy": "这个服务现在太忙，没有试成，请过一会儿再保存。",
    "refused": "这个服务拒绝了试问：请检查模型名、温度和最大长度。",
    "empty": "这个模型没有给出内容，请换一个模型再试。",
    "broken": "这个地址的回答不是兼容 OpenAI 的格式，请检查地址。",
}
"""Why the trial question had no answer. ``too_long`` is one: the model does answer."""

LISTING_FAILURES: dict[Failure, str] = {
    "misconfigured": "这个服务没有给出模型的列表：请检查地址和密钥。有的服务不提供列表，模型名要自己填。",
    "unreachable": TRIAL_FAILURES["unreachable"],
    "timeout": "一直没有列出来，请过一会儿再试，或者自己填模型名。",
    "busy": "这个服务现在太忙，请过一会儿再试，或者自己填模型名。",
    "broken": TRIAL_FAILURES["broken"],
}
"""Why there is no list of models."""


async def validate_password(services: ChatServices, request: Request) -> Response:
    """Answer whether the password (in the body or the header) is right. Raises Refusal, StoreError."""
    given = await read_body(request, Password)
    _check(services, request, given.password)
    return JSONResponse({"success": True, "message": "Password validated"})


def read_ai(services: ChatServices, request: Request) -> Response:
    """Return how the web chat and the account reach the model, without keys. Raises Refusal, StoreError."""
    _check(services, request, "")
    return JSONResponse({section: _shown(_current(services, section)) for section in ("chat", "wechat")})


async def save_ai(services: ChatServices, request: Request) -> Response:
    """Try how the model is to be reached, and save it if there was an answer. Raises Refusal, StoreError."""
    change = await read_body(request, AiChange)
    _check(services, request, change.password)
    current = _current(services, change.section)
    wanted = _changed(current, change)
    await _try(services, wanted)
    services.config.save_ai(change.section, wanted, _deployed(services, change.section))
    log.info("settings saved", extra={"section": change.section})
    return JSONResponse({"success": True, "message": "配置保存成功"})


async def list_models(services: ChatServices, request: Request) -> Response:
    """Return the names of the models that a service has, by the address and the key that are in the form.

    Nothing is saved. Raises Refusal, StoreError.
    """
    # OpenAI's client takes longer to import than the rest of the chat, and only this needs it.
    from chat_app.listing import model_names  # noqa: PLC0415

    change = await read_body(request, AiChange)
    _check(services, request, change.password)
    try:
        names = await model_names(_changed(_current(services, change.section), change))
    except ModelError as error:
        log.warning("no list of models: %s", error)
        raise Refusal(400, error.failure, LISTING_FAILURES[error.failure]) from None
    return JSONResponse({"models": names})


async def make_codes(services: ChatServices, request: Request) -> Response:
    """Make codes and return them: they are shown this once. Raises Refusal, StoreError."""
    wanted = await read_body(request, CodesWanted)
    _check(services, request, wanted.password)
    try:
        if wanted.code:
            codes = [services.codes.create("owner", wanted.code)]
        else:
            codes = [services.codes.create("owner") for _ in range(wanted.count)]
    except ValueError:
        text = "验证码要是 6 到 64 个字母或数字（也可以有 - 和 _），并且以前没有做过。"
        raise Refusal(400, "bad_code", text) from None
    return JSONResponse({"success": True, "codes": codes, "valid_days": services.settings.code_valid_days})


def _check(services: ChatServices, request: Request, in_body: str) -> None:
    given = _from_header(request.headers.get(PASSWORD_HEADER, "")) or in_body
    try:
        services.password.check(visitor(services, request), given)
    except SettingsClosedError:
        text = "没有设置 OPENAI_CONFIG_PASSWORD，设置是关着的：在 .env（或部署的密钥）里填上它再来。"
        raise Refusal(401, "settings_closed", text) from None
    except WrongPasswordError:
        # The words that older clients look for stand in ``message``.
        raise Refusal(401, "wrong_password", "密码不对。", message="Invalid password") from None
    except TooManyTriesError as error:
        text = f"密码错得太多，请过 {_duration(error.seconds)}再试。"
        raise Refusal(429, "locked", text, retry_after=error.seconds) from None


def _from_header(value: str) -> str:
    """A header holds bytes: a browser sends a password beyond ASCII as UTF-8."""
    with contextlib.suppress(UnicodeError):
        return value.encode("latin-1").decode()
    return value


def _duration(seconds: int) -> str:
    return f"{-(-seconds // 60)} 分钟" if seconds > 90 else f"{seconds} 秒"


def _deployed(services: ChatServices, section: AiSection) -> AiSettings:
    return services.settings.chat if section == "chat" else services.settings.wechat


def _current(services: ChatServices, section: AiSection) -> AiSettings:
    return services.config.ai(section, _deployed(services, section))


def _shown(ai: AiSettings) -> dict[str, Any]:
    return {
        "api_url": ai.api_url,
        "model": ai.model,
        "system_prompt": ai.prompt,
        "temperature": ai.temperature,
        "max_tokens": ai.max_tokens,
        "has_key": bool(ai.api_key),
    }


def _changed(current: AiSettings, change: AiChange) -> AiSettings:
    named = change.model_fields_set
    if not named & {"api_url", "api_key", "model", "system_prompt", "temperature", "max_tokens"}:
        raise Refusal(400, "nothing_given", "缺少必要的配置参数")
    # Owners paste either the base address or the whole address of the endpoint.
    api_url = (change.api_url or current.api_url).rstrip("/").removesuffix("/chat/completions")
    if not _is_address(api_url):
        raise Refusal(
            400, "bad_address", "服务地址要以 http:// 或 https:// 开头，例如 https://api.deepseek.com/v1。"
        )
    # A key is for one service: a new address is not told the old one's.
    same_service = api_url == current.api_url
    return replace(
        current,
        api_url=api_url,
        api_key=change.api_key or (current.api_key if same_service else ""),
        model=change.model or current.model,
        prompt=current.prompt if change.system_prompt is None else change.system_prompt,
        temperature=change.temperature if "temperature" in named else current.temperature,
        max_tokens=change.max_tokens or current.max_tokens,
    )


def _is_address(api_url: str) -> bool:
    with contextlib.suppress(httpx2.InvalidURL):
        # What no client can ask, its client would not even be made for.
        return bool(_ADDRESS.fullmatch(api_url) and httpx2.URL(api_url).host)
    return False


async def _try(services: ChatServices, ai: AiSettings) -> None:
    """Ask the model one short question and wait for the first piece of the answer. Raises Refusal."""
    pieces = services.model(ai).answer([{"role": "user", "content": "你好"}], seconds=TRIAL_SECONDS)
    try:
        async with contextlib.aclosing(pieces):
            await anext(pieces, None)
    except ModelError as error:
        if error.failure == "too_long":
            return
        log.warning("settings not saved, the model failed: %s", error)
        raise Refusal(400, error.failure, f"没有保存。{TRIAL_FAILURES[error.failure]}") from None
