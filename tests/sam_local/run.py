"""Every function, as built for Lambda, in Lambda's emulator, with real event shapes: ``make sam-local-test``.

The table is AWS's DynamoDB Local, the queue, the buckets and the secrets are moto's server, the model is a
small one of our own; all of it on this machine, and stopped at the end.

``SAM`` names the SAM CLI (default ``sam``). ``SAM_LOCAL``, where it is set, names a wrapper that is called as
``$SAM_LOCAL run local invoke …``, for machines where the containers' engine needs more than the SAM CLI.
"""

# ruff: noqa: T201  (a command: it prints)

from __future__ import annotations

import json
import sys
import tempfile
import time
import urllib.request
import xml.etree.ElementTree as ET
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.contract.dynamodb_local import dynamodb_local
from tests.events import make
from tests.sam_local.account import PAGES, SITE, TABLE, Account
from tests.sam_local.chat import chat_function
from tests.sam_local.emulator import Emulator, EmulatorError, build, size
from tests.sam_local.services import LOOPBACK, Model, WeChat, address_from_containers, aws, serving
from tests.stack.expand import Stack
from wechat_oa.callback.crypto import MessageCrypto
from wechat_oa.callback.message import parse_message

ECHO = "4410486719437284372"
QUESTION = "你好"
ANSWER = "你好！我是这个公众号的助手，有什么可以帮你？"
SECRETS = {
    "WECHAT_TOKEN": make.TOKEN,
    "WECHAT_ENCODING_AES_KEY": make.ENCODING_AES_KEY,
    "OPENAI_API_KEY": "sk-local",
    "OPENAI_CONFIG_PASSWORD": "password-local",
    "MCP_AUTH_TOKENS": "token-local-0123456789",
}
APP_SECRET = "app-secret-local"
PAGE = "<title>菜单</title><p>今天三道菜"
LAMBDA_LIMIT = 100_000_000
PACKAGE_LIMIT = 1_000_000


START = 200.0
"""Seconds: more than the emulator takes to start, in which a follower would have given up."""


def just_come(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event whose time at the API is not before the function has started."""
    event["requestContext"]["timeEpoch"] += int(START * 1000)
    return event


class Checks:
    """Prints one line for each check, and counts those that fail."""

    failed = 0

    def __call__(self, what: str, seen: object, expected: object) -> None:
        """Check that ``seen`` is what was expected."""
        if seen == expected:
            print(f"ok    {what}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL  {what}\n      expected {expected!r}\n      but got  {seen!r}", flush=True)


def run(check: Checks) -> None:
    """Build, start what the functions need, and let them work. Raises EmulatorError."""
    build()
    layer, package = size("CommonLayer"), size("CallbackFunction")
    print(f"      layer {layer / 1e6:.1f} MB, function {package / 1e6:.2f} MB, unzipped")
    check("layer and function are under 100 MB unzipped", layer + package < LAMBDA_LIMIT, True)
    check("the function's own package is under 1 MB", package < PACKAGE_LIMIT, True)

    host, listen = address_from_containers()
    model, wechat = Model(ANSWER), WeChat(APP_SECRET)
    with ExitStack() as stack:
        table_url = stack.enter_context(dynamodb_local())
        aws_port = stack.enter_context(serving(aws(), LOOPBACK, listen))
        model_port = stack.enter_context(serving(model, LOOPBACK, listen))
        wechat_port = stack.enter_context(serving(wechat, LOOPBACK, listen))
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        account = Account(Stack(), SECRETS, table_url=table_url, aws_url=f"http://{LOOPBACK}:{aws_port}")
        aws_url = f"http://{host}:{aws_port}"
        emulator = Emulator(
            Path(folder),
            endpoints={
                "DYNAMODB": f"http://{host}:{urlsplit(table_url).port}",
                "SQS": aws_url,
                "S3": aws_url,
                "SSM": aws_url,
            },
            environment={
                "WECHAT_OA_TABLE": TABLE,
                "WECHAT_OA_QUEUE_URL": account.queue_url,
                "WECHAT_OA_PAGES_BUCKET": PAGES,
                # CloudFront is not played here.
                "WECHAT_OA_PAGES_DISTRIBUTION": "",
                "PAGES_URL": "https://pages.example.com",
                "SITE_URL": "https://site.example.com",
                "WECHAT_OA_UPLOADS_BUCKET": "",
                "MCP_PUBLIC_URL": "https://mcp.example.com",
            },
            parameters={
                "WechatAppId": make.APP_ID,
                "WechatOfficialApiUrl": f"http://{host}:{wechat_port}",
                "OpenaiApiUrl": f"http://{host}:{model_port}/v1",
            },
        )
        talk(check, emulator, account, model)
        publish(check, emulator, account)
        deploy(check, emulator, account)
        fetch_tokens(check, emulator, account, wechat)
        use_tools(check, emulator)
        with chat_function(
            chat_environment(
                account,
                table_url=table_url,
                aws_url=f"http://{LOOPBACK}:{aws_port}",
                model_url=f"http://{LOOPBACK}:{model_port}/v1",
            )
        ) as url:
            chat(check, url, model)


def chat_environment(account: Account, *, table_url: str, aws_url: str, model_url: str) -> dict[str, str]:
    """Return what the template tells the chat's function, with the addresses of this machine."""
    stack = Stack(OpenaiApiUrl=model_url)
    told = stack.environment("ChatFunction")
    return {
        **{name: value for name, value in told.items() if isinstance(value, str)},
        "MCP_PUBLIC_URL": "https://mcp.example.com",
        "WECHAT_OA_TABLE": TABLE,
        "WECHAT_OA_QUEUE_URL": account.queue_url,
        "AWS_ENDPOINT_URL_DYNAMODB": table_url,
        "AWS_ENDPOINT_URL_SSM": aws_url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def chat(check: Checks, url: str, model: Model) -> None:
    """Ask as a visitor does, with what the Web Adapter adds to a request."""
    layer, package = size("CommonLayer"), size("ChatFunction")
    print(f"      layer {layer / 1e6:.1f} MB, chat {package / 1e6:.1f} MB, unzipped")
    check("chat: layer and function are under 100 MB unzipped", layer + package < LAMBDA_LIMIT, True)
    asked = urllib.request.Request(  # noqa: S310  (our own address)
        f"{url}/chat/api/send",
        json.dumps({"message": QUESTION, "history": []}).encode(),
        {
            "content-type": "application/json",
            "x-amzn-request-context": json.dumps({"http": {"sourceIp": "203.0.113.9"}}),
        },
    )
    with urllib.request.urlopen(asked, timeout=30) as response:  # noqa: S310
        headers, lines = response.headers, response.read().decode().split("\n\n")
    events = [line.removeprefix("data: ") for line in lines if line]
    check("chat: the answer is a stream of events", headers.get_content_type(), "text/event-stream")
    check("chat: which ends as it should", events[-1], "[DONE]")
    pieces = [json.loads(event).get("message", event) for event in events[:-1]]
    check("chat: with what the model said", "".join(pieces), ANSWER)
    check("chat: the stages are told", "upstream" in headers["server-timing"], True)
    check("chat: the model was asked with the key from SSM", model.keys()[-1], "Bearer sk-local")


def talk(check: Checks, emulator: Emulator, account: Account, model: Model) -> None:
    """Set up the address as an owner does, then ask one question as a follower does."""
    answered = emulator.invoke("CallbackFunction", make.get_event(ECHO, now=time.time()))
    check("callback: the address is verified with the bare echostr", answered.get("body"), ECHO)
    check("callback: as plain text", answered["headers"]["content-type"].split(";")[0], "text/plain")

    forged = make.get_event(ECHO, now=time.time())
    forged["queryStringParameters"]["signature"] = "0" * 40
    answered = emulator.invoke("CallbackFunction", forged)
    check("callback: a forged signature is refused", answered["statusCode"], 403)

    now = time.time()
    message = make.text_message(QUESTION, msg_id=int(now * 1_000_000), created=now + START)
    key = parse_message(message.encode()).key
    answered = emulator.invoke("CallbackFunction", just_come(make.plain_event(message, now=time.time())))
    check("callback: no reply before there is an answer", answered["statusCode"], 503)
    check("callback: the message is claimed in the table", account.answer(key).get("state"), "pending")
    jobs = account.jobs()
    check("callback: one job is in the queue", len(jobs), 1)
    check("callback: in the follower's group", jobs[0]["Attributes"]["MessageGroupId"], make.FOLLOWER)
    check("callback: under the message's key", jobs[0]["Attributes"]["MessageDeduplicationId"], key)

    work = make.queue_event(jobs[0]["Body"], group=make.FOLLOWER, deduplication_id=key)
    done = emulator.invoke("WorkerFunction", work)
    check("worker: the job is done", done, {"batchItemFailures": []})
    check("worker: the answer is finished", account.answer(key).get("state"), "finished")
    check("worker: with what the model said", account.answer(key).get("text"), ANSWER)
    check("worker: the model was asked with the key from SSM", model.keys(), ["Bearer sk-local"])
    check("worker: and with the follower's question", model.questions(), [QUESTION])

    done = emulator.invoke("WorkerFunction", work)
    check("worker: the same job again is done already", done, {"batchItemFailures": []})
    check("worker: and the model is not asked again", len(model.requests), 1)

    answered = emulator.invoke("CallbackFunction", just_come(make.plain_event(message, now=time.time())))
    check("callback: WeChat's next attempt gets a reply", answered["statusCode"], 200)
    check("callback: which is the answer", field(answered["body"], "Content"), ANSWER)
    check("callback: to the follower", field(answered["body"], "ToUserName"), make.FOLLOWER)
    check("callback: and no second job", account.jobs(), [])

    answered = emulator.invoke("CallbackFunction", just_come(make.aes_event(message, now=time.time())))
    encrypted = field(answered["body"], "Encrypt")
    plain = MessageCrypto(make.ENCODING_AES_KEY, make.APP_ID).decrypt(encrypted).decode()
    check("callback: an encrypted message gets the same answer, encrypted", field(plain, "Content"), ANSWER)


def fetch_tokens(check: Checks, emulator: Emulator, account: Account, wechat: WeChat) -> None:
    """Ask the function with the fixed address for a token, as the worker and the MCP server do."""
    asked = make.token_event(APP_SECRET)
    check("token: nothing secret is answered", emulator.invoke("TokenFunction", asked, answers=False), {})
    check("token: it is in the table", account.token(make.APP_ID), wechat.token)
    emulator.invoke("TokenFunction", asked, answers=False)
    check("token: and is not fetched again", wechat.forced, [False])
    refused = wechat.token
    emulator.invoke("TokenFunction", make.token_event(APP_SECRET, refused=refused), answers=False)
    check("token: one that WeChat refuses is replaced", account.token(make.APP_ID) != refused, True)
    answered = emulator.invoke("TokenFunction", {**asked, "app_id": "wxanother", "app_secret": "wrong"})
    check("token: WeChat's refusal is answered", answered["error"]["errcode"], 40125)


def use_tools(check: Checks, emulator: Emulator) -> None:
    """Call the MCP server through the API as a client does: without a token, and with one, in a row."""
    layer, package = size("CommonLayer"), size("McpFunction")
    print(f"      layer {layer / 1e6:.1f} MB, mcp {package / 1e6:.1f} MB, unzipped")
    check("mcp: layer and function are under 100 MB unzipped", layer + package < LAMBDA_LIMIT, True)
    with emulator.api() as url, httpx.Client(base_url=url, trust_env=False, timeout=120) as http:

        def ask(method: str, params: dict[str, Any], token: str = "") -> httpx.Response:
            headers = {"accept": "application/json, text/event-stream"}
            if token:
                headers["authorization"] = f"Bearer {token}"
            request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            return http.post("/mcp", json=request, headers=headers)

        refused = ask("tools/list", {})
        check("mcp: without a token it is closed", refused.status_code, 401)
        told = "resource_metadata" in refused.headers["www-authenticate"]
        check("mcp: and says where to sign in", told, True)
        token = SECRETS["MCP_AUTH_TOKENS"]
        listed = ask("tools/list", {}, token).json()["result"]["tools"]
        check("mcp: with one it lists its tools", "wechat_draft" in [each["name"] for each in listed], True)
        page = {"action": "generate", "htmlContent": PAGE, "filename": "mcp"}
        made = ask("tools/call", {"name": "static_page", "arguments": page}, token).json()["result"]
        at = made["structuredContent"]["url"]
        check("mcp: a tool hosts a page", at, "https://pages.example.com/mcp.html")
        known = ask("tools/call", {"name": "static_page", "arguments": {"action": "list"}}, token)
        pages = known.json()["result"]["structuredContent"]["pages"]
        check("mcp: the next call finds it", at in [each["url"] for each in pages], True)
        wrong = ask("tools/list", {}, f"{token}x")
        check("mcp: a wrong token is refused after a right one", wrong.status_code, 401)
        health = http.get("/health")
        check("mcp: it is healthy", (health.status_code, health.json()["table"]), (200, "ok"))
        called = http.post(
            "/tools/wechat_auth",
            json={"arguments": {"action": "status"}},
            headers={"authorization": f"Bearer {token}"},
        )
        check("mcp: a tool answers at /tools too", called.json()["result"]["action"], "get_config")


def publish(check: Checks, emulator: Emulator, account: Account) -> None:
    """Host a page as the owner does, find it as a visitor does, and take it away."""

    def ask(method: str, path: str, body: str = "", password: str = "") -> dict[str, Any]:
        headers = {"x-config-password": password, "content-type": "application/json"}
        return emulator.invoke("PagesFunction", make.http_event(method, path, body=body, headers=headers))

    password = SECRETS["OPENAI_CONFIG_PASSWORD"]
    page = json.dumps({"html": PAGE, "filename": "菜单"})
    check("pages: a stranger hosts nothing", ask("POST", "/api/pages", page)["statusCode"], 401)
    made = ask("POST", "/api/pages", page, password)
    check("pages: the owner does, with the password from SSM", made["statusCode"], 201)
    url = "https://pages.example.com/%E8%8F%9C%E5%8D%95.html"
    check("pages: and is told the address", json.loads(made["body"])["page"]["url"], url)
    kept = account.s3.get_object(Bucket=PAGES, Key="菜单.html")
    check("pages: the object is in the bucket", kept["Body"].read().decode(), PAGE)
    check("pages: as HTML", kept["ContentType"], "text/html; charset=utf-8")
    listed = json.loads(ask("GET", "/api/pages")["body"])["pages"]
    check("pages: it is listed", [each["title"] for each in listed], ["菜单"])
    check("pages: and on the index", "今天三道菜" in ask("GET", "/")["body"], True)
    opened = ask("GET", "/pages/%E8%8F%9C%E5%8D%95")
    check("pages: opening it leads to its own origin", opened["headers"].get("location"), url)
    code = ask("GET", "/api/pages/%E8%8F%9C%E5%8D%95/qr")
    check("pages: its QR code is an image", code["headers"]["content-type"].split(";")[0], "image/svg+xml")
    gone = ask("DELETE", "/api/pages/%E8%8F%9C%E5%8D%95", password=password)
    check("pages: the owner deletes it", gone["statusCode"], 200)
    left = account.s3.list_objects_v2(Bucket=PAGES)["KeyCount"]
    check("pages: and the object is gone", left, 0)


def deploy(check: Checks, emulator: Emulator, account: Account) -> None:
    """Fill the site's bucket as a deployment does. The answer's address leads nowhere here."""
    event = {
        "RequestType": "Create",
        "ResponseURL": "https://127.0.0.1:9/answer",
        "StackId": "arn:stack",
        "RequestId": "r-1",
        "LogicalResourceId": "Site",
        "ResourceProperties": {
            "Bucket": SITE,
            "PagesBucket": PAGES,
            "SiteUrl": "https://site.example.com/",
            "Configs": {"chat/config.json": {"api": "https://chat.example.com"}},
        },
    }
    check("site: the event is handled", emulator.invoke("SiteFunction", event, answers=False), {})
    found = account.s3.list_objects_v2(Bucket=SITE).get("Contents", [])
    keys = {each["Key"] for each in found}
    for key in ("chat/index.html", "chat/config.json", "chat/js/main.js", "manage/index.html"):
        check(f"site: {key} is in the bucket", key in keys, True)
    missing = account.s3.head_object(Bucket=PAGES, Key="404.html")
    check("site: the pages have their 404.html", missing["ContentType"], "text/html; charset=utf-8")


def field(xml: str, name: str) -> str:
    """Return one field of a reply, empty if it has none."""
    return ET.fromstring(xml).findtext(name, "")  # noqa: S314  (our own reply)


def main() -> int:
    """Return 0 if every check holds."""
    check = Checks()
    try:
        run(check)
    except EmulatorError as error:
        print(f"FAIL  {error}")
        return 1
    print("all of it works" if not check.failed else f"{check.failed} checks failed")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
