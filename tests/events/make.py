"""Fresh events in the shapes that API Gateway and SQS hand to the functions.

``python -m tests.events.make FOLDER`` writes callback-get.json, callback-post-plain.json,
callback-post-aes.json and worker-sqs.json. WeChat's signatures are good for five minutes, so events that hold
one are made and never kept; http_api.json and sqs.json are the shapes without.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from wechat_oa.callback.crypto import MessageCrypto
from wechat_oa.callback.message import parse_message
from wechat_oa.callback.signature import sign

# Made up for these events; no account has ever had them.
TOKEN = "demotoken"
APP_ID = "wx0123456789abcdef"
ENCODING_AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
ACCOUNT = "gh_demoaccount00"
FOLLOWER = "oDemoFollower000000000000001"

_NONCE = "1372623149"


def text_message(content: str, *, msg_id: int, created: float) -> str:
    """Return the XML of a text message from the follower; ``created`` is epoch seconds."""
    return (
        f"<xml><ToUserName><![CDATA[{ACCOUNT}]]></ToUserName>"
        f"<FromUserName><![CDATA[{FOLLOWER}]]></FromUserName>"
        f"<CreateTime>{int(created)}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{content}]]></Content><MsgId>{msg_id}</MsgId></xml>"
    )


def get_event(echostr: str, *, now: float) -> dict[str, Any]:
    """Return WeChat's check of the address, signed at ``now``."""
    return _http_event("GET", {**_signed(now), "echostr": echostr})


def plain_event(message: str, *, now: float) -> dict[str, Any]:
    """Return a message in plain mode, signed at ``now``."""
    return _http_event("POST", {**_signed(now), "openid": FOLLOWER}, message)


def aes_event(message: str, *, now: float) -> dict[str, Any]:
    """Return a message in safe mode, encrypted, and signed at ``now``."""
    encrypted = MessageCrypto(ENCODING_AES_KEY, APP_ID).encrypt(message.encode())
    signature = sign(TOKEN, str(int(now)), _NONCE, encrypted)
    query = {**_signed(now), "openid": FOLLOWER, "encrypt_type": "aes", "msg_signature": signature}
    body = (
        f"<xml><ToUserName><![CDATA[{ACCOUNT}]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    )
    return _http_event("POST", query, body)


def http_event(
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    body: str = "",
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return any request to the HTTP API (payload format 2.0); ``path`` is percent-encoded."""
    event = _http_event(method, query or {}, body)
    event |= {"rawPath": path, "routeKey": f"{method} {path}"}
    event["requestContext"]["http"] |= {"path": path}
    event["headers"] |= dict(headers or {})
    return event


def queue_event(body: str, *, group: str, deduplication_id: str) -> dict[str, Any]:
    """Return one message of the FIFO queue as the worker gets it."""
    event = _shape("sqs")
    record = event["Records"][0]
    digest = hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()
    record |= {"body": body, "md5OfBody": digest}
    record["attributes"] |= {"MessageGroupId": group, "MessageDeduplicationId": deduplication_id}
    return event


def token_event(app_secret: str, *, refused: str = "") -> dict[str, Any]:
    """Return what another function sends to have an access token fetched, or ``refused`` replaced."""
    return {"app_id": APP_ID, "app_secret": app_secret, "refused": refused}


def _shape(name: str) -> dict[str, Any]:
    shape: dict[str, Any] = json.loads(Path(__file__).with_name(f"{name}.json").read_text())
    return shape


def _signed(now: float) -> dict[str, str]:
    timestamp = str(int(now))
    return {"signature": sign(TOKEN, timestamp, _NONCE), "timestamp": timestamp, "nonce": _NONCE}


def _http_event(method: str, query: Mapping[str, str], body: str = "") -> dict[str, Any]:
    event = _shape("http_api")
    route = f"{method} {event['rawPath']}"
    event |= {"routeKey": route, "rawQueryString": urlencode(query), "queryStringParameters": dict(query)}
    event["requestContext"]["routeKey"] = route
    event["requestContext"]["http"]["method"] = method
    event["requestContext"]["timeEpoch"] = int(time.time() * 1000)
    event["headers"]["content-length"] = str(len(body.encode()))
    if body:
        event["body"] = body
    else:
        del event["body"], event["headers"]["content-type"]
    return event


def main(folder: Path) -> None:
    """Write the four events into ``folder``; the worker's is the job for the plain message."""
    now = time.time()
    message = text_message("你好", msg_id=int(now * 1_000_000), created=now)
    key = parse_message(message.encode()).key
    events = {
        "callback-get": get_event("4410486719437284372", now=now),
        "callback-post-plain": plain_event(message, now=now),
        "callback-post-aes": aes_event(message, now=now),
        "worker-sqs": queue_event(
            json.dumps({"kind": "answer", "key": key}), group=FOLLOWER, deduplication_id=key
        ),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, event in events.items():
        (folder / f"{name}.json").write_text(json.dumps(event, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
