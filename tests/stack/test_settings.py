"""What the functions are told: every setting reaches them, and no secret travels with the deployment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

from deploy.template import read_template
from tests.stack.expand import ROOT, Stack
from wechat_oa.settings import SettingsError, read_settings, with_secrets

SECRETS = {
    "CallbackFunction": {"WECHAT_TOKEN", "WECHAT_ENCODING_AES_KEY", "WECHAT_ENCODING_AES_KEY_PREVIOUS"},
    "WorkerFunction": {"WECHAT_TOKEN", "OPENAI_API_KEY", "OPENAI_WECHAT_API_KEY", "WECHAT_APP_SECRET"},
    "ChatFunction": {"OPENAI_API_KEY", "OPENAI_WECHAT_API_KEY", "OPENAI_CONFIG_PASSWORD"},
    "PagesFunction": {"MCP_AUTH_TOKENS", "OPENAI_CONFIG_PASSWORD"},
    "McpFunction": {"MCP_AUTH_TOKENS", "OPENAI_CONFIG_PASSWORD", "WECHAT_APP_SECRET"},
}
PROXY = "WECHAT_TOKEN_PROXY"
"""Only read where access tokens are to go through it (EgressMode proxy)."""
ALL_SECRETS = {PROXY, *(name for names in SECRETS.values() for name in names)}
NOT_ON_LAMBDA = {
    "WECHAT_MSG_SERVER_HOST": "API Gateway listens",
    "WECHAT_MSG_SERVER_PORT": "API Gateway listens",
    "FORWARDED_ALLOW_IPS": "the proxies are AWS's own",
    "WECHAT_OA_DATA_DIR": "state is in the table",
    "WECHAT_OA_SIMULATOR": "the simulator is part of the local server",
    "WECHAT_OA_DEMO_SECONDS": "the demo model is part of the local server",
    "PAGES_PORT": "CloudFront serves the pages",
    "MCP_TRANSPORT": "the HTTP API calls",
    "MCP_HOST": "API Gateway listens",
    "MCP_PORT": "API Gateway listens",
    "MCP_ALLOW_FILES": "there are no files of the owner's",
    "IS_SAVE_LOG": "CloudWatch keeps the logs",
    "OPENAI_BASE_URL": "another name of OPENAI_API_URL",
    "OPENAI_WECHAT_BASE_URL": "another name of OPENAI_WECHAT_API_URL",
}
OF_THE_DEPLOYMENT = {
    "WECHAT_OA_TABLE",
    "WECHAT_OA_METRICS",
    "WECHAT_OA_QUEUE_URL",
    "WECHAT_OA_SECRETS",
    "WECHAT_OA_SECRETS_PREFIX",
    "CHAT_CLIENT_ADDRESS_HEADER",
    "CHAT_PROXY_SECRET",
    "WECHAT_OA_PAGES_BUCKET",
    "WECHAT_OA_PAGES_DISTRIBUTION",
    "WECHAT_OA_UPLOADS_BUCKET",
    "MCP_PUBLIC_URL",
    "PAGES_URL",
    "SITE_URL",
    "WECHAT_OA_TOKEN_FUNCTION",
    "WECHAT_OA_WHITELIST_ADDRESS",
}
"""Made by the template itself: nobody chooses them."""

OF_THE_WEB_ADAPTER = {
    "AWS_LAMBDA_EXEC_WRAPPER",
    "AWS_LWA_INVOKE_MODE",
    "AWS_LWA_PORT",
    "AWS_LWA_READINESS_CHECK_PATH",
}
READ_BY_NOBODY = {"WECHAT_OA_SECRETS_VERSION"}
"""A new value starts every function anew, and with it the reading of its secrets."""
NOT_FOR_EVERY_FUNCTION = {"CHAT_URL"}
"""The chat's own address is for those that make links to it."""


class Asked(Mapping[str, str]):
    """An environment in which nothing is set, and which remembers what was asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@pytest.fixture(scope="module")
def known() -> set[str]:
    """Return every setting that the code reads."""
    asked = Asked()
    read_settings(asked)
    with_secrets(asked, lambda _: {})
    return asked.names


def told(stack: Stack) -> set[str]:
    """Return every name in the environment of any function."""
    names = {name for function in stack.functions for name in stack.environment(function)}
    return names - OF_THE_WEB_ADAPTER - READ_BY_NOBODY


def test_no_function_is_told_anything_that_the_code_does_not_read(stack: Stack, known: set[str]) -> None:
    assert told(stack) <= known


def test_every_setting_that_makes_sense_on_lambda_can_be_given(stack: Stack, known: set[str]) -> None:
    assert known - told(stack) == NOT_ON_LAMBDA.keys() | ALL_SECRETS


def test_every_plain_setting_is_a_parameter_of_its_own_name() -> None:
    stack = Stack()
    settings = told(stack) - OF_THE_DEPLOYMENT
    names = {name: "".join(word.capitalize() for word in name.split("_")) for name in settings}

    assert set(names.values()) <= stack.parameters.keys()
    changed = Stack(**{parameter: f"the value of {name}" for name, parameter in names.items()})
    for function in changed.functions:
        environment = changed.environment(function)
        given = {name for name in names if name in environment}
        assert names.keys() - given <= NOT_FOR_EVERY_FUNCTION
        assert {name: environment[name] for name in given} == {name: f"the value of {name}" for name in given}


def test_a_setting_that_is_not_given_is_left_to_the_code(stack: Stack) -> None:
    given = {f: dict.fromkeys(OF_THE_DEPLOYMENT, "") | stack.environment(f) for f in stack.functions}
    made = OF_THE_DEPLOYMENT | {"CHAT_URL"}  # the site's own address, where nobody names another
    plain = [{n: v for n, v in each.items() if n not in made} for each in given.values()]

    assert all(read_settings(each) == read_settings({}) for each in plain)


@pytest.mark.parametrize("function", SECRETS)
def test_a_function_asks_for_its_own_secrets_and_no_others(stack: Stack, function: str) -> None:
    asked: list[str] = []

    def fetch(names: list[str]) -> dict[str, str]:
        asked.extend(names)
        return {}

    with_secrets(stack.environment(function), fetch)

    assert set(asked) == {f"/wechat-oa/prod/{name}" for name in SECRETS[function]}


def test_the_proxy_for_access_tokens_is_a_secret_of_those_that_fetch_them() -> None:
    stack = Stack(EgressMode="proxy")

    told_secrets = {name: stack.environment(name).get("WECHAT_OA_SECRETS", "") for name in stack.functions}
    asking = {name for name, secrets in told_secrets.items() if PROXY in secrets}
    assert asking == {"WorkerFunction", "McpFunction"}
    for name in asking:
        assert set(told_secrets[name].split(",")) == SECRETS[name] | {PROXY}
    assert PROXY in read_template(ROOT / "template.yaml").secrets


def test_no_secret_is_a_parameter_or_in_an_environment(stack: Stack) -> None:
    parameters = {name.lower() for name in stack.parameters}

    assert not parameters & {name.replace("_", "").lower() for name in ALL_SECRETS}
    assert not told(stack) & ALL_SECRETS


def test_secrets_are_looked_for_where_the_role_may_read() -> None:
    stack = Stack(SecretsPrefix="/my/own/")

    for name, secrets in SECRETS.items():
        role = stack.functions[name]["Role"].removesuffix(".Arn")
        (policy,) = stack.properties(role)["Policies"]
        (readable,) = [
            statement["Resource"]
            for statement in policy["PolicyDocument"]["Statement"]
            if statement["Action"] == "ssm:GetParameters"
        ]
        assert stack.environment(name)["WECHAT_OA_SECRETS_PREFIX"] == "/my/own/"
        assert {arn.partition(":parameter")[2] for arn in readable} == {f"/my/own/{each}" for each in secrets}


def test_a_new_version_of_the_secrets_starts_every_function_anew() -> None:
    before, after = Stack(SecretsVersion="1"), Stack(SecretsVersion="2")

    for name in before.functions:
        assert before.environment(name)["WECHAT_OA_SECRETS_VERSION"] == "1"
        assert after.environment(name)["WECHAT_OA_SECRETS_VERSION"] == "2"


@pytest.mark.parametrize(
    ("parameter", "setting", "good", "bad"),
    [
        ("WechatAppId", "WECHAT_APP_ID", ["wx0123456789abcdef"], ["wx 1", "公众号"]),
        ("WechatOfficialApiUrl", "WECHAT_OFFICIAL_API_URL", ["https://hk.api.weixin.qq.com"], ["api.weixin"]),
        ("WechatMsgContextPath", "WECHAT_MSG_CONTEXT_PATH", ["/wechat-oa", "/a/b"], ["/a b", "/{id}"]),
        ("WechatMsgAiTimeout", "WECHAT_MSG_AI_TIMEOUT", ["0.5", "4", "4.5", "4.8"], ["0.4", "4.9", "5"]),
        ("WechatMsgAiLenLimit", "WECHAT_MSG_AI_LEN_LIMIT", ["0", "600"], ["-1", "many"]),
        ("WechatFollowerDailyLimit", "WECHAT_FOLLOWER_DAILY_LIMIT", ["0", "50"], ["-1", "x"]),
        ("WechatDailyLimit", "WECHAT_DAILY_LIMIT", ["0", "50000"], ["-1", "x"]),
        ("ChatVisitorDailyLimit", "CHAT_VISITOR_DAILY_LIMIT", ["0", "50"], ["-1", "x"]),
        ("ChatDailyLimit", "CHAT_DAILY_LIMIT", ["0", "50000"], ["-1", "x"]),
        ("ChatUrl", "CHAT_URL", ["https://chat.example.com/chat/"], ["chat.example.com"]),
        ("WechatOfficialAccountQrcode", "WECHAT_OFFICIAL_ACCOUNT_QRCODE", ["https://a.b/q.png"], ["q.png"]),
        (
            "OpenaiVerificationCodeValidDays",
            "OPENAI_VERIFICATION_CODE_VALID_DAYS",
            ["1", "90", "999", "3650"],
            ["0", "3651", "x"],
        ),
        ("PagesMaxBytes", "PAGES_MAX_BYTES", ["1000", "2000000", "4000000"], ["999", "4000001", "2MB"]),
        ("OpenaiApiUrl", "OPENAI_API_URL", ["https://api.deepseek.com/v1"], ["api.deepseek.com"]),
        ("OpenaiMaxTokens", "OPENAI_MAX_TOKENS", ["1", "4096"], ["0", "1.5"]),
        ("OpenaiTemperature", "OPENAI_TEMPERATURE", ["0", "0.7", "1.25", "2"], ["2.1", "-1", "hot"]),
        ("OpenaiTimeout", "OPENAI_TIMEOUT", ["1", "60", "135"], ["0", "1000"]),
    ],
)
def test_the_console_takes_what_the_code_takes_and_refuses_what_it_refuses(
    stack: Stack, parameter: str, setting: str, good: list[str], bad: list[str]
) -> None:
    pattern = stack.parameters[parameter]["AllowedPattern"]

    for value in good:
        assert re.search(pattern, value)
        read_settings({setting: value})
    for value in bad:
        assert not re.search(pattern, value)
        with pytest.raises(SettingsError, match=setting):
            read_settings({setting: value})
    assert re.search(pattern, "")


@pytest.mark.parametrize("parameter", ["OpenaiTimeout", "OpenaiWechatTimeout"])
def test_an_answer_ends_before_the_worker_is_stopped(stack: Stack, parameter: str) -> None:
    longest = stack.functions["WorkerFunction"]["Timeout"] - 15
    pattern = stack.parameters[parameter]["AllowedPattern"]

    assert [seconds for seconds in range(1000) if re.search(pattern, str(seconds))] == list(
        range(1, longest + 1)
    )
    assert read_settings({}).wechat.timeout <= longest


def test_every_parameter_is_explained_and_shown_in_one_group(stack: Stack) -> None:
    shown = [name for group in stack.groups for name in group["Parameters"]]

    assert sorted(shown) == sorted(stack.parameters)
    for name, parameter in stack.parameters.items():
        assert re.search(r"[\u4e00-\u9fff].* · .*[a-z]", parameter["Description"]), name


def test_every_function_is_told_where_the_table_is_and_the_reply_where_the_queue_is(stack: Stack) -> None:
    for name in stack.functions:
        assert stack.environment(name)["WECHAT_OA_TABLE"] == "Table"
    for name in ("CallbackFunction", "WorkerFunction"):
        assert stack.environment(name)["WECHAT_OA_QUEUE_URL"] == "AnswerQueue"
