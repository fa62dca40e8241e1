"""``up``: from ``.env`` to a running account, in one command that can be repeated at any point."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Mapping, Sequence

from deploy.context import Context
from deploy.errors import DeployError
from deploy.parameters import unknown_settings
from deploy.paste import paste_block
from deploy.sam import find_sam
from deploy.self_test.run import Targets, deployed_targets, self_test
from deploy.setting_up import Setup, gaps, set_up
from deploy.template import SECRETS_PREFIX, SECRETS_VERSION, Template, read_template

_BROKEN = re.compile(r"ROLLBACK_COMPLETE|ROLLBACK_FAILED|DELETE_FAILED|CREATE_FAILED")


def up(
    context: Context,
    *,
    container: bool = False,
    test: bool = True,
    drop: Sequence[str] = (),
) -> int:
    """Deploy everything and return the exit status.

    ``container`` builds in Docker, ``test`` runs the self-test afterwards, ``drop`` names secrets to forget.
    Raises DeployError, SettingsError, AWS's errors; nothing is changed before everything has been looked at.
    """
    console = context.console
    console.step("检查工具和凭证 · Tools and credentials")
    sam = find_sam(context.root, context.environment, console, container=container)
    identity = context.aws.identity()
    console.result("ok", "AWS", f"{identity.account} · {context.aws.region} · {context.stack_name}")
    stack = context.stack()
    before = stack.describe()
    if before and _BROKEN.fullmatch(before["StackStatus"]):
        console.result("failed", context.stack_name, _unfinished(before["StackStatus"]))
        return 1

    console.step("检查设置 · Settings")
    template = read_template(context.root / "template.yaml")
    named = context.environment.get("SECRETS_PREFIX", "").strip()
    # Where they are, unless the owner says otherwise.
    store = context.secret_store(stack.secrets_prefix() if before and not named else "")
    if strange := [name for name in drop if name not in template.secrets]:
        raise DeployError(
            f"没有这样的密钥：{'、'.join(strange)} · no such secret: {', '.join(template.secrets)}"
        )
    environment = {n: v for n, v in context.environment.items() if n not in drop}
    setup = set_up(environment, template, store, drop)
    _tell(context, template, setup)

    console.step("构建（第一次几分钟） · Build")
    sam.build()

    console.step("密钥存进 SSM · Secrets")
    store.delete(drop)
    for name in drop:
        context.file.unset(name)
        console.result("ok", name, "不要了 · dropped")
    # The owner's file first: a secret that only AWS has would be another one after the next run.
    context.file.set(setup.made_up)
    for name in store.write(setup.secrets):
        console.result("ok", name, f"→ {store.prefix}{name}")
    parameters = {**setup.parameters, SECRETS_PREFIX: store.prefix}
    if SECRETS_VERSION in template.parameters:
        parameters[SECRETS_VERSION] = f"{store.version(template.secrets)}.{_digest(parameters)}"

    console.step("部署（第一次约十分钟） · Deploy")
    sam.deploy(context.stack_name, context.aws.region, context.aws.profile, parameters)
    outputs = stack.outputs()
    console.say(paste_block(outputs, setup.settings, show_secrets=console.interactive))
    if not test:
        return 0
    console.step("自检 · Self-test")
    return check(context, deployed_targets(outputs, setup.settings))


def check(context: Context, targets: Targets) -> int:
    """Run the self-test and return the exit status."""
    passed = asyncio.run(self_test(targets, context.console.result, clock=context.clock))
    context.console.say(
        "\n一切正常 · All is well"
        if passed
        else "\n有没通过的：按上面说的改，再运行 make self-test · Some failed: see above, then make self-test"
    )
    return 0 if passed else 1


def _tell(context: Context, template: Template, setup: Setup) -> None:
    """Say what was found and made up; names only."""
    console = context.console
    for name in unknown_settings(template, context.file.values()):
        console.result("skipped", name, "没有这个设置，名字写错了吗 · no such setting: is it mistyped?")
    for name, text in gaps(setup.settings, setup.parameters.get("EgressMode", "")):
        console.result("skipped", f"没有 {name}", text)
    for name in setup.made_up:
        console.result("ok", name, f"随机生成，写进 {context.file.path} · made up, and kept there")
    for name in setup.only_stored:
        console.result("ok", name, "沿用已部署的 · the one that is deployed already")


def _digest(parameters: Mapping[str, str]) -> str:
    """SAM makes no new version of a function for another value of a parameter (see template.yaml)."""
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()[:16]


def _unfinished(status: str) -> str:
    return (
        f"上一次没有成功，停在 {status}：先 make destroy，再 make deploy · The last attempt failed:"
        " run make destroy first"
    )
