"""``rotate``: new MCP tokens, a new EncodingAESKey, and functions that know them."""

from __future__ import annotations

from collections.abc import Sequence

from deploy.context import Context
from deploy.errors import DeployError
from deploy.paste import paste_block
from deploy.secret_values import aes_key, renewed_tokens
from wechat_oa.settings import read_settings

KINDS = ("mcp", "aes-key")


def rotate(context: Context, kinds: Sequence[str]) -> int:
    """Renew what ``kinds`` names, restart the functions, and return the exit status.

    The EncodingAESKey that was in use stays valid as the previous one: WeChat's servers take over a new one
    little by little, and only after its owner has pasted it. Raises DeployError, AWS's errors.
    """
    console, stack = context.console, context.stack()
    outputs = stack.outputs()
    names = stack.template().secrets
    store = context.secret_store(stack.secrets_prefix())
    secrets = store.read(names)
    renewed: dict[str, str] = {}
    if "mcp" in kinds:
        renewed["MCP_AUTH_TOKENS"] = renewed_tokens(secrets.get("MCP_AUTH_TOKENS", ""))
    if "aes-key" in kinds:
        current = secrets.get("WECHAT_ENCODING_AES_KEY", "")
        if not current:
            raise DeployError(
                "还没有 EncodingAESKey 可换：在 .env 里填 WECHAT_APP_ID，再 make deploy"
                " · There is no EncodingAESKey yet: set WECHAT_APP_ID and run make deploy"
            )
        renewed |= {"WECHAT_ENCODING_AES_KEY": aes_key(), "WECHAT_ENCODING_AES_KEY_PREVIOUS": current}
    settings = read_settings({**context.environment, **secrets, **renewed})

    console.step("换密钥 · New secrets")
    # The owner's file first: from there the next deployment would bring the old ones back.
    context.file.set(renewed)
    for name in store.write(renewed):
        console.result("ok", name, f"→ {context.file.path}, {store.prefix}{name}")

    console.step("让函数读到新的（一两分钟） · Restart the functions")
    stack.restart_functions(store.version(names))
    console.result("ok", context.stack_name)
    console.say(paste_block(outputs, settings, show_secrets=console.interactive))
    if "aes-key" in kinds:
        console.say(
            "现在把新的 EncodingAESKey 粘贴到微信后台；旧的还认，微信全部换完之前不会丢消息。"
            "粘贴之前不要再换一次：只记得住上一个。\n"
            "Paste the new EncodingAESKey into WeChat's console now; the old one is still accepted."
            " Do not run this again before that: one previous key is kept."
        )
    if "mcp" in kinds:
        console.say("旧的 MCP 令牌已经失效：每个客户端都要换 · The old MCP tokens are void in every client")
    return 0
