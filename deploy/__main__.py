"""``python -m deploy``: put the account on AWS, look after it there, take it away."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from deploy import ROOT
from deploy.aws import explained
from deploy.console import Console
from deploy.context import Context, make_context
from deploy.destroy import destroy
from deploy.errors import DeployError
from deploy.logs import logs
from deploy.rotate import KINDS, rotate
from deploy.sam import find_sam
from deploy.self_test.run import Targets, deployed_targets, local_targets
from deploy.setting_up import nonsense
from deploy.status import status
from deploy.up import check, up
from wechat_oa.settings import SettingsError, read_settings

_HELP = """\
把整个公众号部署到你自己的 AWS 账号，一条命令；再看着它、换密钥、拆掉它。
Puts the whole account on AWS, in one command; looks after it, renews its secrets, takes it away.

  make deploy                 = python -m deploy up
  make self-test              = python -m deploy check
  make status                 = python -m deploy status
  make logs FUNCTION=worker   = python -m deploy logs worker --follow
  make rotate WHAT=mcp        = python -m deploy rotate mcp
  make destroy                = python -m deploy destroy

设置来自 .env（和 make run 用的是同一个），环境变量优先。
密钥（Token、EncodingAESKey、API KEY、密码、MCP 令牌）存进 SSM Parameter Store 的 SecureString，
路径 /wechat-oa/<STACK>/，不进模板、命令行和日志；没有填的随机生成，写回 .env。
其余设置是 template.yaml 的参数，名字对应：WECHAT_APP_ID 是 WechatAppId；
只在模板里有的参数也这样填，例如 ALARM_EMAIL、CALLBACK_MEMORY、SITE_DOMAIN。
Settings come from .env, and from the environment first. Secrets go into SSM SecureStrings; every other
parameter of template.yaml is filled from the setting of its name, such as ALARM_EMAIL for AlarmEmail.

哪个账号、区域、名字 · Which AWS account, region, stack:
  AWS_PROFILE=… AWS_REGION=… STACK=… make deploy      （也可以写进 .env）
"""


def main(arguments: Sequence[str] | None = None, console: Console | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    console = console or Console()
    try:
        return _run(options, make_context(options.stack, options.env_file, console))
    except SettingsError as error:
        return _stop(nonsense(error))
    except DeployError as error:
        return _stop(str(error))
    except (ClientError, BotoCoreError, WaiterError) as error:
        return _stop(explained(error))
    except KeyboardInterrupt:
        # That is how looking at logs ends.
        return 0 if options.command == "logs" else 130


def _run(options: argparse.Namespace, context: Context) -> int:
    match options.command:
        case "up":
            return up(context, container=options.use_container, test=not options.no_test, drop=options.drop)
        case "build":
            sam = find_sam(
                context.root, context.environment, context.console, container=options.use_container
            )
            sam.build()
            return 0
        case "check":
            return check(context, _targets(options, context))
        case "status":
            return status(context)
        case "logs":
            return logs(context, function=options.function, since=options.since, follow=options.follow)
        case "rotate":
            return rotate(context, options.what or KINDS)
        case _:
            return destroy(
                context, confirmed=options.yes_delete, with_secrets=True if options.secrets else None
            )


def _targets(options: argparse.Namespace, context: Context) -> Targets:
    if options.local:
        targets = local_targets(read_settings(context.environment))
    else:
        stack = context.stack()
        outputs = stack.outputs()
        secrets = context.secret_store(stack.secrets_prefix()).read(stack.template().secrets)
        targets = deployed_targets(outputs, read_settings({**context.environment, **secrets}))
    if options.callback_url:
        targets = replace(targets, account=replace(targets.account, callback_url=options.callback_url))
    named = {
        name: value for name in ("chat_url", "mcp_url", "pages_url") if (value := getattr(options, name))
    }
    return replace(targets, **named)


def _stop(text: str) -> int:
    print(f"\n{text}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deploy", description=_HELP, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--stack", default="", help="CloudFormation 堆栈的名字（默认 STACK，再默认 wechat-oa）"
    )
    parser.add_argument("--env-file", type=Path, default=ROOT / ".env", help="设置的文件（默认 .env）")
    commands = parser.add_subparsers(dest="command", metavar="命令", required=True)

    deploying = commands.add_parser("up", help="部署或更新，然后自检")
    deploying.add_argument("--use-container", action="store_true", help="在 Docker 里构建")
    deploying.add_argument("--no-test", action="store_true", help="部署后不自检（自检会问模型两次）")
    deploying.add_argument(
        "--drop",
        action="append",
        default=[],
        metavar="NAME",
        help="从 SSM 和 .env 里删掉一个不再用的密钥；可以多次",
    )
    building = commands.add_parser("build", help="只构建")
    building.add_argument("--use-container", action="store_true", help="在 Docker 里构建")

    checking = commands.add_parser("check", help="自检：像微信、访客、MCP 客户端那样用一遍（问模型两次）")
    checking.add_argument("--local", action="store_true", help="检查这台机器上的 make run，不是部署的")
    for name, what in (
        ("callback", "…/wechat/reply"),
        ("chat", "chat/api/send 之前的部分，以 / 结尾"),
        ("mcp", "…/mcp"),
        ("pages", "…/api/pages"),
    ):
        checking.add_argument(f"--{name}-url", default="", help=f"换一个地址：{what}")

    commands.add_parser("status", help="堆栈、网址、队列、告警、过去一小时")
    reading = commands.add_parser("logs", help="看日志")
    reading.add_argument(
        "function",
        nargs="?",
        default="",
        help="callback、worker、chat、mcp、pages、site、token、httpapi；默认全部",
    )
    reading.add_argument("--since", default="10m", help="从多久以前开始：30s、10m（默认）、2h、1d")
    reading.add_argument("--follow", "-f", action="store_true", help="一直看下去，Ctrl+C 结束")
    renewing = commands.add_parser("rotate", help="换 MCP 令牌、EncodingAESKey（旧的还认），默认都换")
    renewing.add_argument("what", nargs="*", choices=KINDS, help="mcp、aes-key")
    deleting = commands.add_parser("destroy", help="拆掉（要输入堆栈的名字）；数据表和网页留下")
    deleting.add_argument("--yes-delete", default="", metavar="STACK", help="不问，直接拆掉这个名字的")
    deleting.add_argument("--secrets", action="store_true", help="密钥也删掉，不问")
    return parser


if __name__ == "__main__":
    sys.exit(main())
