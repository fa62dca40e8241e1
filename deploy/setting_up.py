"""The owner's settings and secrets, from every place where they are, ready to be deployed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from deploy.errors import DeployError
from deploy.parameters import parameter_values
from deploy.secret_store import SecretStore
from deploy.secret_values import missing_secrets
from deploy.template import Template
from wechat_oa.settings import Settings, SettingsError, read_settings


@dataclass(frozen=True)
class Setup:
    """Everything a deployment is made of, but the code."""

    settings: Settings
    parameters: dict[str, str]
    """The template's parameters that the owner fills, by name."""
    secrets: dict[str, str]
    """The secrets by setting, as far as there are any."""
    made_up: dict[str, str]
    """Those among them that did not exist before."""
    only_stored: tuple[str, ...]
    """Secrets that the owner's environment does not hold: the deployment before it had them."""


def set_up(
    environment: Mapping[str, str], template: Template, store: SecretStore, drop: Collection[str] = ()
) -> Setup:
    """Return what to deploy. Nothing is written yet.

    ``drop`` names secrets to forget. Any other that the environment does not hold is the one that is deployed
    already, else made up where that can be done. Raises SettingsError or DeployError for values that make no
    sense, AWS's errors.
    """
    given = {n: environment[n].strip() for n in template.secrets if environment.get(n, "").strip()}
    stored = {n: v for n, v in store.read(template.secrets).items() if n not in given and n not in drop}
    made_up = {
        name: value
        for name, value in missing_secrets({**environment, **stored}).items()
        if name in template.secrets
    }
    secrets = {**given, **stored, **made_up}
    settings = read_settings({**environment, **secrets})
    parameters = parameter_values(template, environment, settings)
    if parameters.get("EgressMode") == "proxy" and not settings.token_proxy:
        raise DeployError(
            "EGRESS_MODE=proxy 要有代理的地址：在 .env 里填 WECHAT_TOKEN_PROXY（http://名字:密码@地址:端口）"
            " · EGRESS_MODE=proxy needs the proxy's address in WECHAT_TOKEN_PROXY"
        )
    return Setup(settings, parameters, secrets, made_up, tuple(sorted(stored)))


def nonsense(error: SettingsError) -> str:
    """Return the text for settings that make no sense."""
    lines = "\n".join(f"  {line}" for line in str(error).splitlines())
    return f"设置有问题，请改好 .env 再来 · Settings make no sense:\n{lines}"


def gaps(settings: Settings, egress_mode: str) -> list[tuple[str, str]]:
    """Return the settings that are not there, though the account can do less without, and what that is.

    ``egress_mode`` is the template's EgressMode.
    """
    wanted = [
        (
            "OPENAI_API_KEY",
            settings.chat.configured or settings.wechat.configured,
            "没有模型就没有人回答；也可以部署后在网页设置里填"
            " · nobody answers without a model; the chat page's settings take one too",
        ),
        (
            "WECHAT_APP_ID",
            settings.app_id,
            "只能用明文模式，MCP 工具和客服消息用不了 · plain mode only, and no MCP tools",
        ),
        (
            "WECHAT_APP_SECRET",
            settings.app_secret,
            "MCP 工具和客服消息用不了；也可以部署后用 wechat_auth 填"
            " · no MCP tools, no customer-service messages; wechat_auth takes it too",
        ),
        (
            "EGRESS_MODE=proxy",
            egress_mode == "proxy" or not settings.token_proxy,
            "填了 WECHAT_TOKEN_PROXY，可是没有谁走它 · nobody uses the WECHAT_TOKEN_PROXY that is set",
        ),
    ]
    return [(name, text) for name, there, text in wanted if not there]
