"""Settings: the environment and the secrets, read once into one frozen object.

Nothing else in the project reads ``os.environ``. A value that makes no sense stops the start with one line
that names the setting; the names are the ones account owners already use.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast, get_args
from urllib.parse import urlsplit

InteractionMode = Literal["stream", "block"]
Simulator = Literal["auto", "on", "off"]
ChatAccess = Literal["open", "code"]
McpTransport = Literal["stdio", "http", "sse"]
McpScope = Literal["read", "write", "publish"]
PagesIndex = Literal["public", "owner"]

DEFAULT_OPENAI_URL = "https://api.openai.com/v1"
DEFAULT_PROMPT = "你是这个微信公众号的助手。用读者提问的语言，准确、友好、简洁地回答；不知道就说不知道。"
DEFAULT_TIMEOUT_PROMPT = "\n\n……（还没写完，回复「继续」看后面的内容）"
LINKED_TIMEOUT_PROMPT = "\n\n……（还没写完，回复「继续」看后面的内容，或者点开看全文）\n{link}"
"""The same where there is a chat page to read the answer on."""


class SettingsError(Exception):
    """One or more settings make no sense. The text has one line for each, naming the setting."""


@dataclass(frozen=True)
class AiSettings:
    """How to reach the model, and what to ask of it."""

    api_url: str = DEFAULT_OPENAI_URL
    api_key: str = field(default="", repr=False)
    model: str = "gpt-5-mini"
    max_tokens: int = 4000
    """The most an answer may cost, in the model's tokens."""
    temperature: float | None = None
    """None leaves it to the model: several models refuse any value but their own."""
    timeout: float = 120.0
    """Seconds a whole answer may take."""
    interaction_mode: InteractionMode = "stream"
    prompt: str = DEFAULT_PROMPT
    image_input: bool = False
    """Whether the model takes images."""
    transcription_model: str = ""
    """The model that turns voice into text (audio/transcriptions); empty: voice is not understood."""

    @property
    def configured(self) -> bool:
        """Whether a service was named at all: a key, or an address of one that needs no key (Ollama)."""
        return bool(self.api_key) or self.api_url != DEFAULT_OPENAI_URL


@dataclass(frozen=True)
class McpToken:
    """A token that the owner made up for the MCP server, and what it is good for."""

    name: str
    scope: McpScope
    token: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """Everything the functions and the local server are told from outside."""

    wechat_token: str = field(default="", repr=False)
    app_id: str = ""
    app_secret: str = field(default="", repr=False)
    encoding_aes_key: str = field(default="", repr=False)
    encoding_aes_key_previous: str = field(default="", repr=False)
    official_api_url: str = "https://api.weixin.qq.com"
    official_account_name: str = ""
    token_proxy: str = field(default="", repr=False)
    """An HTTP proxy with an address on the account's whitelist: access tokens are fetched through it."""
    token_function: str = ""
    """The function that fetches access tokens from an address on the whitelist; empty: all functions do."""
    whitelist_address: str = ""
    """The address that the deployment fetches access tokens from, if it has a fixed one."""

    msg_server_host: str = "127.0.0.1"
    msg_server_port: int = 3004
    forwarded_allow_ips: tuple[str, ...] = ("127.0.0.1", "::1")
    """On one machine: the proxies (addresses, networks) whose X-Forwarded-For and -Proto are believed."""
    context_path: str = ""
    """Empty, or a path such as ``/wechat-oa`` without a slash at its end."""
    ai_timeout: float = 4.5
    """Seconds one of WeChat's attempts waits for the answer; WeChat itself hangs up after 5."""
    ai_timeout_prompt: str = ""
    """The owner's text for ``timeout_prompt``; empty: the default one."""
    ai_len_limit: int = 0
    """The most characters in one reply; 0: only the platform's own limit of UTF-8 bytes."""
    customer_message: bool = False
    """Whether the account may send customer-service messages (a verified service account may)."""
    follower_daily_limit: int = 200
    """The most questions one follower may have answered in a day; 0: no limit."""
    daily_limit: int = 10_000
    """The most questions that all followers together may have answered in a day; 0: no limit."""

    chat: AiSettings = field(default_factory=AiSettings)
    wechat: AiSettings = field(default_factory=AiSettings)

    config_password: str = field(default="", repr=False)
    """Opens the settings; empty: they are closed."""
    chat_access: ChatAccess = "open"
    """Whether anyone may use the web chat, or only who has a code from the account."""
    code_valid_days: int = 90
    chat_visitor_daily_limit: int = 100
    """The most questions one visitor of the web chat may ask in a day; 0: no limit."""
    chat_daily_limit: int = 2_000
    """The most questions that all visitors together may ask in a day; 0: no limit."""
    chat_url: str = ""
    """Where the public finds the chat page, with a slash at its end; empty: no links to it are made."""
    chat_suggestions: tuple[str, ...] = ()
    """Questions that an empty chat proposes."""
    client_address_header: str = ""
    """The header in which the proxy in front of the chat tells who is calling; empty: it stands in none."""
    proxy_secret: str = field(default="", repr=False)
    """What CloudFront, which the public may pass by, says to be believed who is calling."""
    official_account_qrcode: str = ""
    """The address of the account's QR code, for visitors of the chat page."""

    mcp_transport: McpTransport = "stdio"
    mcp_host: str = "127.0.0.1"
    mcp_port: int = 3003
    mcp_auth_tokens: tuple[McpToken, ...] = ()
    """Any of these opens the MCP server."""
    mcp_public_url: str = ""
    """Where the world reaches the MCP server, without a slash at its end and without /mcp."""
    mcp_allowed_origins: tuple[str, ...] = ()
    """Other sites whose pages may call the MCP server from a browser."""
    mcp_allow_files: bool = False
    """Whether MCP tools may read files of the machine they run on; over stdio they always may."""
    mcp_oauth_issuer: str = ""
    """An authorization server of the owner's, whose tokens open the MCP server."""
    mcp_oauth_jwks_url: str = ""
    mcp_oauth_audience: str = ""
    mcp_diagram_url: str = ""
    """A Kroki server, which is sent the code of articles' diagrams to draw; empty: it goes nowhere."""
    mcp_uploads_bucket: str = ""
    """Where large files are sent to before a tool uses them; empty: nowhere."""
    pages_url: str = ""
    """Where hosted pages are served, without a slash at its end; empty: by the pages API itself."""
    site_url: str = ""
    """Where the site (index, chat page, page manager) is served, without a slash at its end."""
    pages_port: int = 3005
    """On one machine: where hosted pages are served, an origin of their own."""
    pages_index: PagesIndex = "public"
    """Whether anyone may see the list of pages, or only the owner."""
    pages_max_bytes: int = 2_000_000
    """The largest page or file that is taken."""
    pages_bucket: str = ""
    pages_distribution: str = ""
    """The CDN before the pages bucket, told of what has changed; empty: there is none."""

    save_log: bool = False
    data_dir: str = "./data"
    simulator: Simulator = "auto"
    """``auto``: served where only this machine listens, and no real account's token is there to sign with."""
    demo_seconds: float = 2.0
    """How long the built-in demo model takes for an answer."""
    table_name: str = ""
    queue_url: str = ""
    metrics_namespace: str = ""
    """What CloudWatch calls this deployment's figures; empty: log lines carry none."""

    @property
    def timeout_prompt(self) -> str:
        """Appended to an answer that is not finished, or does not fit one message.

        ``{link}`` in it stands for the address of the answer's page.
        """
        return self.ai_timeout_prompt or (LINKED_TIMEOUT_PROMPT if self.chat_url else DEFAULT_TIMEOUT_PROMPT)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings that an environment (and the secrets merged into it) describes.

    An empty value counts as not set. Raises SettingsError, with every setting that makes no sense.
    """
    read = _Reader(environment)
    settings = Settings(
        wechat_token=read.matching("WECHAT_TOKEN", r"[A-Za-z0-9]{3,32}", "3 to 32 letters or digits"),
        app_id=read.matching("WECHAT_APP_ID", r"[A-Za-z0-9_-]{1,64}", "the account's AppID (wx…)"),
        app_secret=read.text("WECHAT_APP_SECRET"),
        encoding_aes_key=read.aes_key("WECHAT_ENCODING_AES_KEY"),
        encoding_aes_key_previous=read.aes_key("WECHAT_ENCODING_AES_KEY_PREVIOUS"),
        official_api_url=read.url("WECHAT_OFFICIAL_API_URL", default=Settings.official_api_url),
        official_account_name=read.text("WECHAT_OFFICIAL_ACCOUNT_NAME"),
        token_proxy=read.url("WECHAT_TOKEN_PROXY", default=""),
        token_function=read.text("WECHAT_OA_TOKEN_FUNCTION"),
        whitelist_address=read.text("WECHAT_OA_WHITELIST_ADDRESS"),
        msg_server_host=read.text("WECHAT_MSG_SERVER_HOST", default=Settings.msg_server_host),
        msg_server_port=read.count("WECHAT_MSG_SERVER_PORT", 3004, low=1, high=65535),
        forwarded_allow_ips=read.networks("FORWARDED_ALLOW_IPS", default=Settings.forwarded_allow_ips),
        context_path=read.path("WECHAT_MSG_CONTEXT_PATH"),
        ai_timeout=read.number("WECHAT_MSG_AI_TIMEOUT", 4.5, low=0.5, high=4.8, unit=_SECONDS_OF_FIVE),
        ai_timeout_prompt=read.multiline("WECHAT_MSG_AI_TIMEOUT_PROMPT"),
        ai_len_limit=read.count("WECHAT_MSG_AI_LEN_LIMIT", 0, low=0, high=100_000),
        customer_message=read.flag("WECHAT_CUSTOMER_MESSAGE"),
        follower_daily_limit=read.count("WECHAT_FOLLOWER_DAILY_LIMIT", 200, low=0, high=1_000_000),
        daily_limit=read.count("WECHAT_DAILY_LIMIT", 10_000, low=0, high=100_000_000),
        config_password=read.password("OPENAI_CONFIG_PASSWORD"),
        chat_access=cast(ChatAccess, read.choice("CHAT_ACCESS", ("open", "code"))),
        code_valid_days=read.count("OPENAI_VERIFICATION_CODE_VALID_DAYS", 90, low=1, high=3650),
        chat_visitor_daily_limit=read.count("CHAT_VISITOR_DAILY_LIMIT", 100, low=0, high=1_000_000),
        chat_daily_limit=read.count("CHAT_DAILY_LIMIT", 2_000, low=0, high=100_000_000),
        chat_url=read.url("CHAT_URL", default="", slash=True),
        chat_suggestions=tuple(filter(None, (s.strip() for s in read.text("CHAT_SUGGESTIONS").split("|")))),
        client_address_header=read.matching(
            "CHAT_CLIENT_ADDRESS_HEADER", r"[A-Za-z0-9-]{1,64}", "a header's name, such as X-Forwarded-For"
        ).lower(),
        # Whoever guesses it can be another visitor with every question.
        proxy_secret=read.matching("CHAT_PROXY_SECRET", r".{16,}", "16 characters or more"),
        official_account_qrcode=read.url("WECHAT_OFFICIAL_ACCOUNT_QRCODE", default=""),
        chat=read.ai(),
        wechat=read.ai("WECHAT_"),
        mcp_transport=cast(McpTransport, read.choice("MCP_TRANSPORT", ("stdio", "http", "sse"))),
        mcp_host=read.text("MCP_HOST", default=Settings.mcp_host),
        mcp_port=read.count("MCP_PORT", 3003, low=1, high=65535),
        mcp_auth_tokens=read.tokens("MCP_AUTH_TOKENS"),
        mcp_public_url=read.public_url("MCP_PUBLIC_URL"),
        mcp_allowed_origins=read.words("MCP_ALLOWED_ORIGINS"),
        mcp_allow_files=read.flag("MCP_ALLOW_FILES"),
        mcp_oauth_issuer=read.url("MCP_OAUTH_ISSUER", default=""),
        mcp_oauth_jwks_url=read.url("MCP_OAUTH_JWKS_URL", default=""),
        mcp_oauth_audience=read.text("MCP_OAUTH_AUDIENCE"),
        mcp_diagram_url=read.url("MCP_DIAGRAM_URL", default=""),
        mcp_uploads_bucket=read.text("WECHAT_OA_UPLOADS_BUCKET"),
        pages_url=read.url("PAGES_URL", default=""),
        site_url=read.url("SITE_URL", default=""),
        pages_port=read.count("PAGES_PORT", 3005, low=1, high=65535),
        pages_index=cast(PagesIndex, read.choice("PAGES_INDEX", ("public", "owner"))),
        pages_max_bytes=read.count("PAGES_MAX_BYTES", 2_000_000, low=1_000, high=4_000_000),
        pages_bucket=read.text("WECHAT_OA_PAGES_BUCKET"),
        pages_distribution=read.text("WECHAT_OA_PAGES_DISTRIBUTION"),
        save_log=read.flag("IS_SAVE_LOG"),
        data_dir=read.text("WECHAT_OA_DATA_DIR", default=Settings.data_dir),
        simulator=cast(Simulator, read.choice("WECHAT_OA_SIMULATOR", ("auto", "on", "off"))),
        demo_seconds=read.number("WECHAT_OA_DEMO_SECONDS", 2, low=0, high=120, unit="seconds"),
        table_name=read.text("WECHAT_OA_TABLE"),
        queue_url=read.text("WECHAT_OA_QUEUE_URL"),
        metrics_namespace=read.text("WECHAT_OA_METRICS"),
    )
    if settings.encoding_aes_key and not read.text("WECHAT_APP_ID"):
        read.problems.append("WECHAT_ENCODING_AES_KEY needs WECHAT_APP_ID: messages are encrypted with both")
    if len(settings.ai_timeout_prompt.encode()) > 600:
        read.problems.append("WECHAT_MSG_AI_TIMEOUT_PROMPT is too long: 600 UTF-8 bytes (200 汉字) at most")
    if 0 < settings.ai_len_limit < len(settings.timeout_prompt) + 20:
        read.problems.append(
            "WECHAT_MSG_AI_LEN_LIMIT must leave 20 characters beside WECHAT_MSG_AI_TIMEOUT_PROMPT"
        )
    if read.problems:
        raise SettingsError("\n".join(dict.fromkeys(read.problems)))
    return settings


def with_secrets(
    environment: Mapping[str, str], fetch: Callable[[list[str]], Mapping[str, str]]
) -> dict[str, str]:
    """Return the environment with the secrets that it names filled in.

    ``WECHAT_OA_SECRETS`` lists setting names, ``WECHAT_OA_SECRETS_PREFIX`` is the path they live under;
    ``fetch`` takes full parameter names and returns those that exist. A secret that does not exist is a
    setting that is not set.
    """
    names = [name.strip() for name in environment.get("WECHAT_OA_SECRETS", "").split(",") if name.strip()]
    prefix = environment.get("WECHAT_OA_SECRETS_PREFIX", "")
    if not names:
        return dict(environment)
    values = fetch([prefix + name for name in names])
    return {**environment, **{name: values[prefix + name] for name in names if prefix + name in values}}


_SECONDS_OF_FIVE = "seconds, since WeChat hangs up after 5 and asks again"
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


class _Reader:
    """Takes typed values out of an environment, and keeps a line for each that makes no sense."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.problems: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        return self.environment.get(name, "").strip() or default

    def multiline(self, name: str, default: str = "") -> str:
        """Keep spaces; ``\\n`` written as two characters (as deployment parameters must) is a line break."""
        value = self.environment.get(name, "")
        return value.replace("\\n", "\n") if value.strip() else default

    def matching(self, name: str, pattern: str, meaning: str) -> str:
        value = self.text(name)
        if value and not re.fullmatch(pattern, value):
            self.problems.append(f"{name} must be {meaning}")
            return ""
        return value

    def aes_key(self, name: str) -> str:
        return self.matching(name, r"[A-Za-z0-9]{43}", "the 43 letters and digits shown in WeChat's console")

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """The first one allowed is the default."""
        value = self.text(name, allowed[0]).lower()
        if value not in allowed:
            self.problems.append(f"{name} must be one of {', '.join(allowed)}")
            return allowed[0]
        return value

    def number(self, name: str, default: float, *, low: float, high: float, unit: str = "") -> float:
        value = self.text(name)
        try:
            number = float(value or default)
        except ValueError:
            number = float("nan")
        if not low <= number <= high:
            self.problems.append(f"{name} must be a number from {low:g} to {high:g} {unit}".rstrip())
            return default
        return number

    def count(self, name: str, default: int, *, low: int, high: int) -> int:
        value = self.text(name, str(default))
        if not re.fullmatch(r"[0-9]{1,12}", value) or not low <= int(value) <= high:
            self.problems.append(f"{name} must be a whole number from {low} to {high}")
            return default
        return int(value)

    def flag(self, name: str) -> bool:
        value = self.text(name, "false").lower()
        if value not in _TRUE | _FALSE:
            self.problems.append(f"{name} must be true or false")
        return value in _TRUE

    def password(self, name: str) -> str:
        value = self.text(name)
        if 0 < len(value) < 8:
            self.problems.append(f"{name} must have 8 characters or more: anyone may try to guess it")
        return value

    def url(self, name: str, default: str, *, slash: bool = False) -> str:
        value = self.text(name, default).rstrip("/")
        if not value:
            return ""
        try:
            parts = urlsplit(value)
            # Asking for the port is what finds out that it is none.
            valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
            valid = valid and not re.search(r"\s", value)
        except ValueError:
            valid = False
        if not valid:
            self.problems.append(f"{name} must be an address that starts with http:// or https://")
            return default
        return f"{value}/" if slash else value

    def public_url(self, name: str) -> str:
        """An address that others reach: https, unless it is this machine's own."""
        value = self.url(name, default="")
        parts = urlsplit(value)
        if value and parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            self.problems.append(f"{name} must start with https://: tokens and passwords go there")
            return ""
        return value

    def words(self, name: str) -> tuple[str, ...]:
        """What stands between commas."""
        return tuple(filter(None, (word.strip() for word in self.text(name).split(","))))

    def networks(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Addresses and networks. Not ``*``: whoever calls would then write down who is calling."""
        values = self.words(name) or default
        try:
            for value in values:
                ipaddress.ip_network(value)
        except ValueError:
            self.problems.append(f"{name} must be addresses or networks, such as 172.16.0.0/12, with commas")
            return default
        return values

    def tokens(self, name: str) -> tuple[McpToken, ...]:
        """``token`` (good for everything) or ``name:scope:token``, between commas."""
        found = []
        for number, written in enumerate(self.words(name), 1):
            who, scope, token = written.split(":") if written.count(":") == 2 else ("", "publish", written)
            if scope not in get_args(McpScope) or not re.fullmatch(r"[!-+\--9;-~]{16,200}", token):
                self.problems.append(
                    f"{name}: token {number} must be token or name:scope:token, with read, write or publish"
                    f" as its "
                    "scope, and 16 to 200 characters without spaces, commas and colons as its token"
                )
            else:
                found.append(McpToken(who.strip() or f"token-{number}", cast(McpScope, scope), token))
        return tuple(found)

    def path(self, name: str) -> str:
        value = self.text(name).strip("/")
        if value and not re.fullmatch(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*", value):
            self.problems.append(f"{name} must be a path of letters, digits, - and _, such as /wechat-oa")
            return ""
        return f"/{value}" if value else ""

    def ai(self, infix: str = "") -> AiSettings:
        """Read ``OPENAI_…``; with an infix, ``OPENAI_<infix>…`` goes before it, setting by setting."""

        def name(key: str) -> str:
            special = f"OPENAI_{infix}{key}"
            return special if self.text(special) else f"OPENAI_{key}"

        keys = (f"{infix}API_URL", f"{infix}BASE_URL", "API_URL", "BASE_URL")
        url_name = next((n for n in (f"OPENAI_{key}" for key in keys) if self.text(n)), "OPENAI_API_URL")
        temperature = self.text(name("TEMPERATURE"))
        return AiSettings(
            # Owners paste either the base address or the whole address of the endpoint.
            api_url=self.url(url_name, DEFAULT_OPENAI_URL).removesuffix("/chat/completions"),
            api_key=self.text(name("API_KEY")),
            model=self.text(name("MODEL"), AiSettings.model),
            max_tokens=self.count(name("MAX_TOKENS"), 4000, low=1, high=1_000_000),
            temperature=self.number(name("TEMPERATURE"), 0, low=0, high=2) if temperature else None,
            timeout=self.number(name("TIMEOUT"), 120, low=1, high=900, unit="seconds"),
            interaction_mode=cast(
                InteractionMode, self.choice(name("INTERACTION_MODE"), ("stream", "block"))
            ),
            prompt=self.multiline(name("PROMPT"), default=DEFAULT_PROMPT),
            image_input=self.flag(name("IMAGE_INPUT")),
            transcription_model=self.text(name("TRANSCRIPTION_MODEL")),
        )
