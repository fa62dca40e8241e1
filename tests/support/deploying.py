"""A stack in moto's CloudFormation, a ``sam`` that puts it there, and a terminal that a test reads."""

from __future__ import annotations

import io
import json
import stat
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import httpx
import yaml
from moto.server import ThreadedMotoServer

from deploy.console import Console
from deploy.context import Context
from deploy.owner_file import OwnerFile
from deploy.stack import Resource, Stack
from tests.support.clock import Clock

ROOT = Path(__file__).resolve().parents[2]
REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": REGION}
OPENAI_KEY = "sk-a-key-of-the-owners"
APP_SECRET = "0123456789abcdef0123456789abcdef"
UNSUPPORTED = "ignore:Tried to parse AWS:UserWarning"
"""Moto, in this very process, about the resources that it does not make."""
SECRETS = "WECHAT_TOKEN,WECHAT_ENCODING_AES_KEY,WECHAT_ENCODING_AES_KEY_PREVIOUS,MCP_AUTH_TOKENS"
OUTPUTS = {
    "CallbackUrl": "https://api.example/wechat/reply",
    "McpUrl": "https://api.example/mcp",
    "ChatApiUrl": "https://chat.example/",
    "SiteUrl": "https://site.example/",
    "PagesApiUrl": "https://api.example/api/pages",
}


FUNCTION = {
    "Type": "AWS::Serverless::Function",
    "Properties": {
        "Environment": {"Variables": {"WECHAT_OA_SECRETS": SECRETS, "VERSION": {"Ref": "SecretsVersion"}}}
    },
}

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "SecretsPrefix": {"Type": "String"},
        "SecretsVersion": {"Type": "String", "Default": ""},
    },
    "Resources": {
        "CallbackFunction": FUNCTION,
        "AnswerQueue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "answers"}},
        "DeadLetterQueue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "answers-dead"}},
        "CallbackLogs": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": "/aws/lambda/wechat-oa-callback"},
        },
        "WorkerLogs": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": "/aws/lambda/wechat-oa-worker"},
        },
        "SiteBucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"BucketName": "the-site"},
        },
        "PagesBucket": {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "Retain",
            "Properties": {"BucketName": "the-pages"},
        },
    },
    "Outputs": {name: {"Value": value} for name, value in OUTPUTS.items()},
}
"""What of template.yaml the commands look at. Moto makes no functions and no alarms of it: see UNMADE."""

UNMADE = [
    Resource("CallbackFunction", "wechat-oa-callback", "AWS::Lambda::Function"),
    Resource("WorkerFunction", "wechat-oa-worker", "AWS::Lambda::Function"),
    Resource("DeadLetterAlarm", "dead-letters", "AWS::CloudWatch::Alarm"),
]

_FAKE_SAM = """#!{python} -S
import json, os, sys, urllib.error, urllib.parse, urllib.request
folder = {folder!r}
seen = {{"arguments": sys.argv[1:], "environment": dict(os.environ), "cwd": os.getcwd()}}
call = {{}}
if sys.argv[1] == "deploy":
    given = sys.argv[sys.argv.index("--parameter-overrides") + 1]
    text = open(urllib.parse.unquote(given.removeprefix("file://")), encoding="utf-8").read()
    seen["parameter_file"] = text
    lines = dict(line.split(": ", 1) for line in text.splitlines())
    values = {{json.loads(name): json.loads(value).strip(chr(92) + chr(34)) for name, value in lines.items()}}
    call = {{
        "Version": "2010-05-15",
        "StackName": sys.argv[sys.argv.index("--stack-name") + 1],
        "TemplateBody": open(folder + "/stack.json").read(),
        "Capabilities.member.1": "CAPABILITY_IAM",
    }}
    for number, name in enumerate(("SecretsPrefix", "SecretsVersion"), 1):
        call[f"Parameters.member.{{number}}.ParameterKey"] = name
        call[f"Parameters.member.{{number}}.ParameterValue"] = values.get(name, "")
else:
    os.makedirs(".aws-sam/build", exist_ok=True)
with open(folder + "/calls.jsonl", "a") as file:
    file.write(json.dumps(seen) + "\\n")

def asked(action):
    region = sys.argv[sys.argv.index("--region") + 1]
    scope = f"AWS4-HMAC-SHA256 Credential=testing/20260101/{{region}}/cloudformation/aws4_request"
    body = urllib.parse.urlencode({{"Action": action, **call}}).encode()
    try:
        urllib.request.urlopen(urllib.request.Request({endpoint!r}, body, {{"Authorization": scope}})).read()
    except urllib.error.HTTPError as error:
        return error.read().decode()

if call:
    missing = asked("DescribeStacks")
    refused = asked("CreateStack" if missing else "UpdateStack")
    if refused and "No updates" not in refused:
        sys.exit(refused)
    print("Successfully created/updated stack")
sys.exit({status})
"""


class WholeStack(Stack):
    """The stack, with what moto leaves out."""

    def resources(self) -> list[Resource]:
        """Return what moto has made, and what it has not."""
        return [*super().resources(), *UNMADE]


class WholeContext(Context):
    """A context whose stack is whole."""

    def stack(self) -> Stack:
        """Return it."""
        return WholeStack(self.aws, self.stack_name, sleep=self.sleep)


def unquoted(value: str) -> str:
    """What SAM makes of a value once: quotes off its ends, backslashes from before spaces and quotes."""
    if value and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return value.replace("\\ ", " ").replace('\\"', '"').replace("\\'", "'")


def read_by_sam(parameter_file: str) -> dict[str, str]:
    """Return the parameters in a file, as ``sam deploy`` reads them."""
    values: dict[str, str] = yaml.safe_load(parameter_file)
    return {name: unquoted(unquoted(value)) for name, value in values.items()}


class FakeSam:
    """An executable in the place of SAM's, which writes down how it was called."""

    def __init__(self, folder: Path, endpoint: str, *, status: int = 0) -> None:
        """It ends with ``status``; ``endpoint`` is where it finds CloudFormation."""
        self._folder = folder
        self.path = folder / "sam"
        code = _FAKE_SAM.format(python=sys.executable, folder=str(folder), endpoint=endpoint, status=status)
        self.path.write_text(code)
        self.path.chmod(self.path.stat().st_mode | stat.S_IXUSR)
        (folder / "stack.json").write_text(json.dumps(TEMPLATE))

    @property
    def calls(self) -> list[dict[str, Any]]:
        """How it was called, in order."""
        path = self._folder / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


class Owner:
    """Somebody at a terminal, with a folder, an AWS account and a ``.env``."""

    def __init__(
        self, folder: Path, endpoint: str, *, interactive: bool = False, sam_status: int = 0
    ) -> None:
        """``interactive``: a person reads along, and types what ``answers`` holds."""
        self.folder = folder
        self.endpoint = endpoint
        self.env_file = folder / ".env"
        self.answers: list[str] = []
        self.asked: list[str] = []
        # Moto takes log records of lately alone.
        self.clock = Clock(time.time())
        self.slept: list[float] = []
        self.interactive = interactive
        self._out = io.StringIO()
        tools = folder / "tools"
        tools.mkdir()
        self.sam = FakeSam(tools, endpoint, status=sam_status)
        # Whichever Python this is: the fake one builds nothing.
        (tools / "python3.13").symlink_to(sys.executable)
        self.environment = {
            **CREDENTIALS,
            "PATH": f"{tools}:/usr/bin:/bin",
            "HOME": str(folder),
            "SAM": str(self.sam.path),
        }
        for name in ("template.yaml", "samconfig.toml"):
            (folder / name).write_bytes((ROOT / name).read_bytes())

    @property
    def output(self) -> str:
        """What the terminal shows so far."""
        return self._out.getvalue()

    def write_env(self, **settings: str) -> None:
        """Make a ``.env`` of settings, an account with a model among them."""
        values = {
            "WECHAT_APP_ID": "wx0123456789abcdef",
            "WECHAT_APP_SECRET": APP_SECRET,
            "OPENAI_API_KEY": OPENAI_KEY,
            **settings,
        }
        self.env_file.write_text("# 我的设置\n" + "".join(f"{n}={v}\n" for n, v in values.items()))

    def context(self, stack: str = "wechat-oa", **more: str) -> Context:
        """Return what a command works with, from the ``.env`` as it is now."""
        file = OwnerFile(self.env_file)
        environment = {**file.values(), **self.environment, **more}
        console = Console(self._out, self._answer, interactive=self.interactive)
        return WholeContext(
            environment,
            file,
            stack,
            console,
            root=self.folder,
            endpoint_url=self.endpoint,
            clock=self.clock,
            sleep=self.slept.append,
        )

    def client(self, service: str) -> Any:
        """Return a client of the AWS that the owner has."""
        return aws_client(service, self.endpoint)

    def secrets(self, prefix: str = "/wechat-oa/wechat-oa/") -> dict[str, str]:
        """Return the secrets under a path, by setting."""
        found = self.client("ssm").get_parameters_by_path(Path=prefix, WithDecryption=True, Recursive=True)
        return {each["Name"].removeprefix(prefix): each["Value"] for each in found["Parameters"]}

    def put_stack(
        self, template: Mapping[str, Any] = TEMPLATE, prefix: str = "/wechat-oa/wechat-oa/"
    ) -> None:
        """Let a stack be there already."""
        self.client("cloudformation").create_stack(
            StackName="wechat-oa",
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[
                {"ParameterKey": "SecretsPrefix", "ParameterValue": prefix},
                {"ParameterKey": "SecretsVersion", "ParameterValue": "first"},
            ],
        )

    def put_secrets(self, **values: str) -> None:
        """Let secrets be there already."""
        for name, value in values.items():
            self.client("ssm").put_parameter(
                Name=f"/wechat-oa/wechat-oa/{name}", Value=value, Type="SecureString", Overwrite=True
            )

    def _answer(self, question: str) -> str:
        self.asked.append(question)
        return self.answers.pop(0)


def aws_client(service: str, endpoint: str) -> Any:
    """Return a client of moto's."""
    make: Any = boto3.client
    return make(
        service,
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


@contextmanager
def moto_server() -> Iterator[str]:
    """Run moto's server on a free port and give its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def forget_everything(endpoint: str) -> None:
    """Let moto begin anew."""
    httpx.post(f"{endpoint}/moto-api/reset", trust_env=False).raise_for_status()
