"""Settings: their names, defaults and types, and one line for each that makes no sense."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from wechat_oa.settings import (
    DEFAULT_OPENAI_URL,
    DEFAULT_PROMPT,
    DEFAULT_TIMEOUT_PROMPT,
    LINKED_TIMEOUT_PROMPT,
    AiSettings,
    Settings,
    SettingsError,
    read_settings,
    with_secrets,
)

AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
APP_ID = "wx0123456789abcdef"

# For each setting: its field, the default, and a text with the value that it stands for.
OF_THE_ACCOUNT: dict[str, tuple[str, Any, str, Any]] = {
    "WECHAT_TOKEN": ("wechat_token", "", "abc123", "abc123"),
    "WECHAT_APP_ID": ("app_id", "", APP_ID, APP_ID),
    "WECHAT_APP_SECRET": ("app_secret", "", "s" * 32, "s" * 32),
    "WECHAT_ENCODING_AES_KEY": ("encoding_aes_key", "", AES_KEY, AES_KEY),
    "WECHAT_ENCODING_AES_KEY_PREVIOUS": ("encoding_aes_key_previous", "", AES_KEY, AES_KEY),
    "WECHAT_OFFICIAL_API_URL": (
        "official_api_url",
        "https://api.weixin.qq.com",
        "https://hk.api.weixin.qq.com/",
        "https://hk.api.weixin.qq.com",
    ),
    "WECHAT_OFFICIAL_ACCOUNT_NAME": ("official_account_name", "", " 小店 ", "小店"),
    "WECHAT_MSG_SERVER_HOST": ("msg_server_host", "127.0.0.1", "0.0.0.0", "0.0.0.0"),
    "WECHAT_MSG_SERVER_PORT": ("msg_server_port", 3004, "8080", 8080),
    "FORWARDED_ALLOW_IPS": (
        "forwarded_allow_ips",
        ("127.0.0.1", "::1"),
        "172.16.0.0/12, fd00::/8",
        ("172.16.0.0/12", "fd00::/8"),
    ),
    "WECHAT_MSG_CONTEXT_PATH": ("context_path", "", "wechat/oa/", "/wechat/oa"),
    "WECHAT_MSG_AI_TIMEOUT": ("ai_timeout", 4.5, "3.5", 3.5),
    "WECHAT_MSG_AI_TIMEOUT_PROMPT": (
        "ai_timeout_prompt",
        "",
        "\\n（继续）",
        "\n（继续）",
    ),
    "WECHAT_MSG_AI_LEN_LIMIT": ("ai_len_limit", 0, "500", 500),
    "WECHAT_CUSTOMER_MESSAGE": ("customer_message", False, "True", True),
    "WECHAT_FOLLOWER_DAILY_LIMIT": ("follower_daily_limit", 200, "0", 0),
    "WECHAT_DAILY_LIMIT": ("daily_limit", 10_000, "7", 7),
    "OPENAI_CONFIG_PASSWORD": ("config_password", "", "a password 密码", "a password 密码"),
    "CHAT_ACCESS": ("chat_access", "open", "Code", "code"),
    "OPENAI_VERIFICATION_CODE_VALID_DAYS": ("code_valid_days", 90, "30", 30),
    "CHAT_VISITOR_DAILY_LIMIT": ("chat_visitor_daily_limit", 100, "0", 0),
    "CHAT_DAILY_LIMIT": ("chat_daily_limit", 2_000, "7", 7),
    "CHAT_URL": ("chat_url", "", "https://chat.example/chat", "https://chat.example/chat/"),
    "CHAT_SUGGESTIONS": ("chat_suggestions", (), " 春茶？ || 怎么买？|", ("春茶？", "怎么买？")),
    "CHAT_CLIENT_ADDRESS_HEADER": ("client_address_header", "", "X-Forwarded-For", "x-forwarded-for"),
    "CHAT_PROXY_SECRET": ("proxy_secret", "", "s" * 32, "s" * 32),
    "WECHAT_OFFICIAL_ACCOUNT_QRCODE": (
        "official_account_qrcode",
        "",
        "https://mp.example/qr.png",
        "https://mp.example/qr.png",
    ),
    "IS_SAVE_LOG": ("save_log", False, "on", True),
    "WECHAT_OA_DATA_DIR": ("data_dir", "./data", "/srv/data", "/srv/data"),
    "WECHAT_OA_SIMULATOR": ("simulator", "auto", "Off", "off"),
    "WECHAT_OA_DEMO_SECONDS": ("demo_seconds", 2.0, "0", 0.0),
    "WECHAT_OA_TABLE": ("table_name", "", "oa-table", "oa-table"),
    "WECHAT_OA_QUEUE_URL": ("queue_url", "", "https://sqs/q.fifo", "https://sqs/q.fifo"),
    "PAGES_URL": ("pages_url", "", "https://pages.example.com/", "https://pages.example.com"),
    "MCP_DIAGRAM_URL": ("mcp_diagram_url", "", "http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
    "SITE_URL": ("site_url", "", "https://site.example.com/", "https://site.example.com"),
    "PAGES_PORT": ("pages_port", 3005, "8081", 8081),
    "PAGES_INDEX": ("pages_index", "public", "Owner", "owner"),
    "PAGES_MAX_BYTES": ("pages_max_bytes", 2_000_000, "1000", 1_000),
    "WECHAT_OA_PAGES_BUCKET": ("pages_bucket", "", "oa-pages", "oa-pages"),
    "WECHAT_OA_PAGES_DISTRIBUTION": ("pages_distribution", "", "E123", "E123"),
}
OF_THE_MODEL: dict[str, tuple[str, Any, str, Any]] = {
    "API_URL": ("api_url", DEFAULT_OPENAI_URL, "http://localhost:11434/v1/", "http://localhost:11434/v1"),
    "BASE_URL": ("api_url", DEFAULT_OPENAI_URL, "https://api.deepseek.com", "https://api.deepseek.com"),
    "API_KEY": ("api_key", "", "sk-1", "sk-1"),
    "MODEL": ("model", "gpt-5-mini", "deepseek-chat", "deepseek-chat"),
    "MAX_TOKENS": ("max_tokens", 4000, "300", 300),
    "TEMPERATURE": ("temperature", None, "0", 0.0),
    "TIMEOUT": ("timeout", 120.0, "30.5", 30.5),
    "INTERACTION_MODE": ("interaction_mode", "stream", "BLOCK", "block"),
    "PROMPT": ("prompt", DEFAULT_PROMPT, "你是\\n小助手", "你是\n小助手"),
    "IMAGE_INPUT": ("image_input", False, "1", True),
    "TRANSCRIPTION_MODEL": ("transcription_model", "", "whisper-1", "whisper-1"),
}
NEEDS: dict[str, dict[str, str]] = {"WECHAT_ENCODING_AES_KEY": {"WECHAT_APP_ID": APP_ID}}

NONSENSE = [
    ("WECHAT_TOKEN", ["ab", "a" * 33, "with space", "有中文", "a-b"]),
    ("WECHAT_APP_ID", ["wx 1", "wx/1", "x" * 65]),
    ("WECHAT_ENCODING_AES_KEY", ["short", AES_KEY + "=", AES_KEY[:-1] + "!"]),
    ("WECHAT_ENCODING_AES_KEY_PREVIOUS", ["short"]),
    (
        "WECHAT_OFFICIAL_API_URL",
        [
            "api.weixin.qq.com",
            "ftp://x",
            "http://",
            "https://[",
            "http://x:port",
            "http://x:99999",
            "http://a b",
        ],
    ),
    ("WECHAT_MSG_SERVER_PORT", ["0", "65536", "http", "-1", "80.5", "1e3", "²", "9" * 5000]),
    ("FORWARDED_ALLOW_IPS", ["*", "caddy", "172.16.0.1/12", "10.0.0.0/8 172.16.0.0/12"]),
    ("WECHAT_MSG_CONTEXT_PATH", ["/a b", "/微信", "/a//b", "/../x"]),
    ("WECHAT_MSG_AI_TIMEOUT", ["5", "0.4", "soon", "nan", "inf", "-1"]),
    ("WECHAT_MSG_AI_TIMEOUT_PROMPT", ["长" * 201]),
    ("WECHAT_MSG_AI_LEN_LIMIT", ["-1", "many", "10", "100001"]),
    ("WECHAT_CUSTOMER_MESSAGE", ["maybe", "2"]),
    ("WECHAT_FOLLOWER_DAILY_LIMIT", ["-1", "1.5", "1000001"]),
    ("WECHAT_DAILY_LIMIT", ["-1", "x"]),
    ("OPENAI_CONFIG_PASSWORD", ["1234567", "密码"]),
    ("CHAT_ACCESS", ["closed", "codes"]),
    ("OPENAI_VERIFICATION_CODE_VALID_DAYS", ["0", "3651", "-1", "ever"]),
    ("CHAT_VISITOR_DAILY_LIMIT", ["-1", "1.5", "1000001", "none"]),
    ("CHAT_DAILY_LIMIT", ["-1", "100000001", "x"]),
    ("CHAT_URL", ["chat.example", "ftp://x", "/chat/"]),
    ("CHAT_CLIENT_ADDRESS_HEADER", ["x forwarded for", "x-forwarded-for:", "访客", "a,b"]),
    ("CHAT_PROXY_SECRET", ["guess", "s" * 15]),
    ("WECHAT_OFFICIAL_ACCOUNT_QRCODE", ["qr.png", "data:image/png;base64,x"]),
    ("IS_SAVE_LOG", ["ja"]),
    ("WECHAT_OA_SIMULATOR", ["yes"]),
    ("WECHAT_OA_DEMO_SECONDS", ["-1", "121", "x"]),
    ("PAGES_URL", ["pages.example.com", "ftp://x"]),
    ("SITE_URL", ["site.example.com"]),
    ("PAGES_PORT", ["0", "65536", "http"]),
    ("PAGES_INDEX", ["everybody"]),
    ("PAGES_MAX_BYTES", ["999", "4000001", "2MB"]),
    *(
        (f"OPENAI_{infix}{key}", values)
        for infix in ("", "WECHAT_")
        for key, values in (
            ("API_URL", ["localhost:11434", "http//x"]),
            ("BASE_URL", ["localhost"]),
            ("MAX_TOKENS", ["0", "1000001", "viel"]),
            ("TEMPERATURE", ["2.1", "-0.1", "hot", "nan"]),
            ("TIMEOUT", ["0", "901", "x"]),
            ("INTERACTION_MODE", ["push"]),
            ("IMAGE_INPUT", ["vielleicht"]),
        )
    ),
]


def _problems(environment: Mapping[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        read_settings(environment)
    return str(raised.value).splitlines()


def test_nothing_set_gives_the_defaults() -> None:
    settings = read_settings({})
    assert settings == Settings()
    for field, default, *_ in OF_THE_ACCOUNT.values():
        value = getattr(settings, field)
        assert (value, type(value)) == (default, type(default))
    for section in (settings.chat, settings.wechat):
        for field, default, *_ in OF_THE_MODEL.values():
            value = getattr(section, field)
            assert (value, type(value)) == (default, type(default))


@pytest.mark.parametrize("name", OF_THE_ACCOUNT)
def test_each_setting_of_the_account_is_read(name: str) -> None:
    field, _, text, value = OF_THE_ACCOUNT[name]
    environment = {name: text, **NEEDS.get(name, {})}
    settings = read_settings(environment)
    expected = {field: value} | {OF_THE_ACCOUNT[n][0]: t for n, t in NEEDS.get(name, {}).items()}
    assert settings == dataclasses.replace(Settings(), **expected)
    assert type(getattr(settings, field)) is type(value)


@pytest.mark.parametrize("key", OF_THE_MODEL)
def test_each_setting_of_the_model_is_read_for_both_ways_to_talk_to_it(key: str) -> None:
    field, _, text, value = OF_THE_MODEL[key]
    expected = dataclasses.replace(AiSettings(), **{field: value})
    both = read_settings({f"OPENAI_{key}": text})
    assert both == Settings(chat=expected, wechat=expected)
    assert type(getattr(both.chat, field)) is type(value)


@pytest.mark.parametrize("key", OF_THE_MODEL)
def test_each_setting_of_the_model_can_be_another_for_the_account(key: str) -> None:
    field, _, text, value = OF_THE_MODEL[key]
    common = {"OPENAI_MODEL": "m", "OPENAI_API_KEY": "k", "OPENAI_MAX_TOKENS": "9"}
    chat = AiSettings(model="m", api_key="k", max_tokens=9)
    settings = read_settings({**common, f"OPENAI_WECHAT_{key}": text})
    assert settings.chat == chat
    assert settings.wechat == dataclasses.replace(chat, **{field: value})


@pytest.mark.parametrize("name", [*OF_THE_ACCOUNT, *(f"OPENAI_{key}" for key in OF_THE_MODEL)])
@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_value_counts_as_not_set(name: str, empty: str) -> None:
    assert read_settings({name: empty, f"OPENAI_WECHAT_{name.removeprefix('OPENAI_')}": empty}) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [pytest.param(name, value, id=f"{name}-{value[:20]}") for name, values in NONSENSE for value in values],
)
def test_nonsense_gives_exactly_one_line_that_names_the_setting(name: str, value: str) -> None:
    (problem,) = _problems({"WECHAT_APP_ID": APP_ID, "WECHAT_ENCODING_AES_KEY": AES_KEY, name: value})
    assert problem.startswith(f"{name} ")
    assert len(problem) < 150, "it does not repeat what may be a secret"


@pytest.mark.parametrize("name", ["WECHAT_TOKEN", "WECHAT_ENCODING_AES_KEY"])
def test_a_mistyped_secret_is_not_repeated(name: str) -> None:
    (problem,) = _problems({"WECHAT_APP_ID": APP_ID, name: "mistyped secret"})
    assert "mistyped" not in problem


def test_all_problems_are_told_at_once_each_once() -> None:
    problems = _problems(
        {"WECHAT_TOKEN": "!", "OPENAI_TIMEOUT": "x", "OPENAI_WECHAT_MAX_TOKENS": "x", "IS_SAVE_LOG": "x"}
    )
    assert sorted(line.split()[0] for line in problems) == [
        "IS_SAVE_LOG",
        "OPENAI_TIMEOUT",
        "OPENAI_WECHAT_MAX_TOKENS",
        "WECHAT_TOKEN",
    ]


def test_a_key_for_encryption_needs_the_app_id() -> None:
    (problem,) = _problems({"WECHAT_ENCODING_AES_KEY": AES_KEY})
    assert problem.startswith("WECHAT_ENCODING_AES_KEY needs WECHAT_APP_ID")


def test_a_limit_of_characters_leaves_room_beside_the_prompt() -> None:
    prompt = {"WECHAT_MSG_AI_TIMEOUT_PROMPT": "（回复继续）"}
    assert read_settings({**prompt, "WECHAT_MSG_AI_LEN_LIMIT": "26"}).ai_len_limit == 26
    (problem,) = _problems({**prompt, "WECHAT_MSG_AI_LEN_LIMIT": "25"})
    assert problem.startswith("WECHAT_MSG_AI_LEN_LIMIT ")


def test_an_unfinished_answer_is_linked_where_there_is_a_page_to_read_it_on() -> None:
    assert read_settings({}).timeout_prompt == DEFAULT_TIMEOUT_PROMPT
    linked = read_settings({"CHAT_URL": "https://chat.example/chat/"})
    assert linked.timeout_prompt == LINKED_TIMEOUT_PROMPT
    assert "{link}" in linked.timeout_prompt
    own = {"CHAT_URL": "https://chat.example/", "WECHAT_MSG_AI_TIMEOUT_PROMPT": "（继续）"}
    assert read_settings(own).timeout_prompt == "（继续）"


@pytest.mark.parametrize("key", ["API_URL", "BASE_URL"])
@pytest.mark.parametrize(
    ("pasted", "base"),
    [
        ("https://api.deepseek.com/chat/completions", "https://api.deepseek.com"),
        ("https://open.bigmodel.cn/api/paas/v4/chat/completions/", "https://open.bigmodel.cn/api/paas/v4"),
        (
            "https://dashscope.aliyuncs.com/compatible-mode/v1/",
            "https://dashscope.aliyuncs.com/compatible-mode/v1",
        ),
    ],
)
def test_the_whole_address_of_the_endpoint_may_be_pasted(key: str, pasted: str, base: str) -> None:
    assert read_settings({f"OPENAI_{key}": pasted}).wechat.api_url == base


def test_of_both_names_of_the_address_the_accounts_own_goes_first() -> None:
    names = ["OPENAI_WECHAT_API_URL", "OPENAI_WECHAT_BASE_URL", "OPENAI_API_URL", "OPENAI_BASE_URL"]
    while names:
        environment = {name: f"https://{name.lower().replace('_', '-')}.example" for name in names}
        assert read_settings(environment).wechat.api_url == environment[names.pop(0)]


def test_no_secret_is_in_the_repr() -> None:
    secrets = {
        "WECHAT_TOKEN": "token4secret",
        "WECHAT_APP_SECRET": "app4secret",
        "WECHAT_ENCODING_AES_KEY": AES_KEY,
        "WECHAT_ENCODING_AES_KEY_PREVIOUS": AES_KEY[::-1],
        "OPENAI_API_KEY": "sk-chat",
        "OPENAI_WECHAT_API_KEY": "sk-wechat",
        "OPENAI_CONFIG_PASSWORD": "password4owner",
        "CHAT_PROXY_SECRET": "proxy4secret-of-cloudfront",
    }
    settings = read_settings({**secrets, "WECHAT_APP_ID": APP_ID})
    shown = repr(settings)
    assert APP_ID in shown
    assert not [name for name, secret in secrets.items() if secret in shown]


@pytest.mark.parametrize(
    ("environment", "configured"),
    [
        ({}, False),
        ({"OPENAI_MODEL": "gpt-5"}, False),
        ({"OPENAI_API_KEY": "sk"}, True),
        ({"OPENAI_BASE_URL": "http://localhost:11434/v1"}, True),
    ],
)
def test_a_model_is_configured_by_a_key_or_an_address(environment: dict[str, str], configured: bool) -> None:
    assert read_settings(environment).wechat.configured is configured


def test_secrets_fill_in_the_settings_they_are_named_for() -> None:
    asked: list[list[str]] = []

    def fetch(names: list[str]) -> dict[str, str]:
        asked.append(names)
        return {"/oa/WECHAT_TOKEN": "secret1", "/oa/OTHER": "no"}

    environment = {
        "WECHAT_OA_SECRETS": "WECHAT_TOKEN, OPENAI_API_KEY,",
        "WECHAT_OA_SECRETS_PREFIX": "/oa/",
        "OPENAI_MODEL": "m",
    }
    merged = with_secrets(environment, fetch)
    assert asked == [["/oa/WECHAT_TOKEN", "/oa/OPENAI_API_KEY"]]
    assert merged == {**environment, "WECHAT_TOKEN": "secret1"}
    assert "WECHAT_TOKEN" not in environment


def test_without_secrets_nothing_is_fetched() -> None:
    def fetch(names: list[str]) -> dict[str, str]:
        raise AssertionError(names)

    assert with_secrets({"WECHAT_OA_SECRETS": "", "A": "b"}, fetch) == {"WECHAT_OA_SECRETS": "", "A": "b"}
    assert with_secrets({}, fetch) == {}
