"""``python -m local``: start everything on this machine, or talk to it from the terminal."""

from __future__ import annotations

import argparse
import asyncio
import sys

from local import config_command
from local.environment import read_environment
from local.platform.account import MODES
from wechat_oa.settings import SettingsError, read_settings
from wechat_oa.store.table import StoreError


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    environment = read_environment()
    try:
        match options.command:
            case "send":
                from local.platform.send import send_text  # noqa: PLC0415  (only this command needs it)

                settings = read_settings(environment)
                url = options.url or f"http://127.0.0.1:{settings.msg_server_port}"
                return asyncio.run(
                    send_text(
                        options.text,
                        base_url=url,
                        name=options.name,
                        mode=options.mode,
                        show_xml=options.xml,
                    )
                )
            case "mcp":
                from local import mcp_server  # noqa: PLC0415  (the heavy part)

                return mcp_server.run(environment)
            case "config":
                return config_command.run(options, read_settings(environment))
            case _:
                from local.serve import serve  # noqa: PLC0415  (the heavy part)

                return serve(environment)
    except SettingsError as error:
        print("设置有问题，请改好 .env 再启动：", file=sys.stderr)
        for line in str(error).splitlines():
            print(f"  {line}", file=sys.stderr)
        return 2
    except StoreError as error:
        print(f"数据文件夹不能用：{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description="在一台机器上运行整个公众号")
    commands = parser.add_subparsers(dest="command", metavar="命令")
    commands.add_parser("serve", help="启动（默认）")
    commands.add_parser("mcp", help="MCP 服务器（MCP_TRANSPORT=stdio|http|sse，默认 stdio）")
    send = commands.add_parser("send", help="像粉丝一样发一条文字消息")
    send.add_argument("text", help="消息内容")
    send.add_argument("--as", dest="name", default="小明", help="粉丝的名字（默认 小明）")
    send.add_argument("--mode", choices=MODES, help="明文 plain、兼容 compatible、安全 safe")
    send.add_argument("--xml", action="store_true", help="显示来回的 XML")
    send.add_argument("--url", default="", help="服务的地址（默认本机）")
    config_command.add_parser(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
