"""user_verification_code: codes that open the web chat."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Refused, Result

tool = Declared(
    "user_verification_code",
    "聊天验证码",
    "打开网页聊天用的验证码：生成（可以自己定）、检查能不能用、清理过期的。每个码只能用一次。",
    open_world=False,
)


@tool.action("generate", "生成一个", scope="write", given=("custom_code",))
async def generate(
    call: Call,
    custom_code: Annotated[
        str,
        Field(
            description="generate：自己定的码，6 到 64 个字母、数字，不填就随机；validate：要检查的码",
            max_length=64,
        ),
    ] = "",
) -> Result:
    """Make a code."""
    codes = call.services.codes
    if call.dry_run:
        return Result("预演：会生成一个验证码，不向微信发送任何东西。")
    try:
        code = codes.create(note="mcp", code=custom_code)
    except ValueError:
        raise Refused(
            "这个验证码不能用：要 6 到 64 个字母、数字（可以有 - 和 _），而且没有人用过。换一个，或者不填让"
            "系统随机。"
        ) from None
    return Result(
        f"验证码：{code}，{codes.valid_days} 天内可以用一次。", {"code": code, "valid_days": codes.valid_days}
    )


@tool.action("validate", "检查能不能用", scope="read")
async def validate(
    call: Call, custom_code: Annotated[str, Field(description="要检查的验证码", min_length=1, max_length=64)]
) -> Result:
    """Tell whether a code works, without using it."""
    usable = call.services.codes.usable(custom_code)
    return Result(
        "这个验证码可以用。" if usable else "这个验证码不能用：没有这个码、用过了，或者过期了。",
        {"code": custom_code, "usable": usable},
    )


@tool.action("cleanup", "清理过期的", scope="write")
async def cleanup(call: Call) -> Result:
    """Say what happens by itself."""
    return Result("过期的验证码到期就失效，并由存储自动删除，不需要手动清理。", {"automatic": True})
