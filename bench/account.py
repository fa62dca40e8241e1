"""The account that is measured: its server, and what WeChat posts to it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.processes import Process, serving
from local.platform.account import Account, Mode
from local.platform.follower import Message, MessageIds, text, to_xml
from tests.support.account import AES_KEY, APP_ID, TOKEN, environment
from tests.support.serving import free_port
from wechat_oa.callback.crypto import MessageCrypto
from wechat_oa.callback.signature import sign

ACCOUNT = Account(token=TOKEN, app_id=APP_ID, app_secret="", encoding_aes_key=AES_KEY)
NONCE = "1372623149"
_CRYPTO = MessageCrypto(AES_KEY, APP_ID)
_IDS = MessageIds()


@dataclass(frozen=True, slots=True)
class Post:
    """One request of WeChat's."""

    query: dict[str, str]
    body: bytes


def post(content: str, mode: Mode, follower: str = "小明") -> Post:
    """Return a text message of a follower, new and signed just now."""
    message = Message(
        ACCOUNT.original_id, ACCOUNT.openid(follower), int(time.time()), text(content), _IDS.next()
    )
    plain = to_xml(message.fields())
    timestamp = str(message.create_time)
    query = {"timestamp": timestamp, "nonce": NONCE, "openid": message.from_user_name}
    query["signature"] = sign(TOKEN, timestamp, NONCE)
    if mode == "plain":
        return Post(query, plain.encode())
    encrypted = _CRYPTO.encrypt(plain.encode())
    query |= {"encrypt_type": "aes", "msg_signature": sign(TOKEN, timestamp, NONCE, encrypted)}
    return Post(query, to_xml({"ToUserName": message.to_user_name, "Encrypt": encrypted}).encode())


@contextlib.contextmanager
def running(folder: Path, upstream: Process) -> Iterator[Process]:
    """Run the account's server, which asks ``upstream``, until the end of the block."""
    port = free_port()
    settings = environment(
        folder / "data",
        upstream.url,
        WECHAT_MSG_SERVER_PORT=str(port),
        PAGES_PORT=str(free_port()),
        MCP_PORT=str(free_port()),
        # As many questions as there are to measure.
        WECHAT_FOLLOWER_DAILY_LIMIT="1000000",
        WECHAT_DAILY_LIMIT="1000000",
        CHAT_VISITOR_DAILY_LIMIT="1000000",
        CHAT_DAILY_LIMIT="1000000",
    )
    log = folder / "server.log"
    with serving("-m", "local", port=port, ready="/health", environment=settings, log=log) as process:
        yield process
