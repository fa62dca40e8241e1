"""``destroy``: the stack and what it made, after a question; and what stays, said plainly."""

from __future__ import annotations

from typing import Any

from deploy.context import Context
from deploy.stack import Resource


def destroy(context: Context, *, confirmed: str = "", with_secrets: bool | None = None) -> int:
    """Delete the stack and return the exit status; 1 where the owner does not type its name.

    ``confirmed`` is the stack's name, typed before; ``with_secrets`` deletes the secrets too, None asks.
    Raises DeployError, AWS's errors.
    """
    console, stack = context.console, context.stack()
    stack.existing()
    template, resources = stack.template(), stack.resources()
    buckets = [each for each in resources if each.type == "AWS::S3::Bucket" and each.physical]
    emptied = [each for each in buckets if each.logical not in template.retained]
    kept = [each for each in resources if each.logical in template.retained]
    prefix = stack.secrets_prefix()

    console.step(f"删除 {context.stack_name}（{context.aws.region}） · Delete the stack")
    console.say(f"  {len(resources)} 个资源，网址全部失效 · every address stops working")
    for each in kept:
        console.say(f"  留下 · kept: {each.type} {each.physical}")
    name = confirmed or console.ask(f"  输入 {context.stack_name} 确认 · Type the stack's name to go on: ")
    if name != context.stack_name:
        console.say("没有删除 · Nothing was deleted")
        return 1

    for each in emptied:
        console.result(
            "ok", f"清空 · emptied {each.physical}", str(_empty(context.aws.client("s3"), each.physical))
        )
    stack.delete()
    console.result("ok", context.stack_name, "删除了 · deleted")
    _tell_kept(context, kept)
    _secrets(context, prefix, template.secrets, with_secrets)
    return 0


def _empty(s3: Any, bucket: str) -> int:
    """Delete every object of a bucket, every version of it, and return how many those were."""
    count = 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        keys = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
        if keys:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
        count += len(keys)
    return count


_HOW_TO_DELETE = {
    "AWS::DynamoDB::Table": (
        "aws dynamodb update-table --no-deletion-protection-enabled --table-name {0}"
        " && aws dynamodb delete-table --table-name {0}"
    ),
    "AWS::S3::Bucket": "aws s3 rb --force s3://{0}",
}


def _tell_kept(context: Context, kept: list[Resource]) -> None:
    if not kept:
        return
    console = context.console
    console.say("\n  留下的是粉丝写的和你发布的，新的部署不会用它们；不要了就：")
    console.say("  What stays is what followers wrote and you published; to delete that as well:")
    for each in kept:
        how = _HOW_TO_DELETE.get(each.type, "AWS 控制台 · AWS console: {0}")
        console.say(f"    {how.format(each.physical)}")


def _secrets(context: Context, prefix: str, names: tuple[str, ...], wanted: bool | None) -> None:
    console = context.console
    if not prefix:
        return
    store = context.secret_store(prefix)
    there = sorted(store.read(names))
    if not there:
        return
    if wanted is None:
        question = f"  SSM 里 {prefix} 下的 {len(there)} 个密钥也删掉吗 · Delete the secrets too? [y/N] "
        wanted = console.ask(question).lower() in ("y", "yes")
    if wanted:
        store.delete(there)
        console.result("ok", "密钥删除了 · Secrets deleted", ", ".join(there))
    else:
        console.result("skipped", "密钥留着 · Secrets kept", f"{prefix}（{', '.join(there)}）")
