"""``python -m local config``: read and change what the owner sets while everything runs.

Works on the table in the data folder, or, where WECHAT_OA_TABLE names one, on the deployed one.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from wechat_oa.reply_rules import RuleError
from wechat_oa.runtime_config import RuntimeConfig
from wechat_oa.settings import Settings
from wechat_oa.store.table import Table
from wechat_oa.texts import DEFAULT_TEXTS


def add_parser(commands: Any) -> None:
    """Add the command's arguments."""
    config = commands.add_parser("config", help="看或改自动回复的文字和关键词（不用重启、不用重新部署）")
    config.add_argument(
        "action",
        choices=("show", "texts", "load"),
        help="show 看现在的；texts 看所有文字的名字；load 换成文件里的",
    )
    config.add_argument("file", nargs="?", help="JSON 文件，- 表示标准输入")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Do what the options say, and return the exit status. Raises StoreError."""
    if options.action == "texts":
        _print(DEFAULT_TEXTS)
        return 0
    config = RuntimeConfig(_table(settings))
    if options.action == "show":
        _print(config.document("replies"))
        return 0
    if not options.file:
        print("要换成哪个文件里的？例如：python -m local config load rules.json", file=sys.stderr)
        return 2
    try:
        text = sys.stdin.read() if options.file == "-" else Path(options.file).read_text("utf-8")
        document = json.loads(text)
        if not isinstance(document, dict):
            raise RuleError("整个文件要是一个 JSON 对象")
        config.save_reply_rules(document)
    except OSError as error:
        print(f"没有改动：读不了 {options.file}（{error.strerror}）", file=sys.stderr)
        return 1
    except ValueError as error:
        print(f"没有改动：{error}", file=sys.stderr)
        return 1
    print("已保存，几秒内生效。")
    return 0


def _table(settings: Settings) -> Table:
    if not settings.table_name:
        from wechat_oa.store.local_table import SqliteTable  # noqa: PLC0415

        return SqliteTable(Path(settings.data_dir) / "table.db")
    import boto3  # noqa: PLC0415  (a quarter of a second, and only for the deployed table)

    from wechat_oa.store.aws_table import DynamoTable  # noqa: PLC0415

    return DynamoTable(boto3.client("dynamodb"), settings.table_name)


def _print(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))
