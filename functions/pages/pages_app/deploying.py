"""The Lambda handler of the custom resource ``Custom::Site``: it fills the site's bucket on every deployment.

CloudFormation waits for an answer, for an hour if none comes, so one is always sent, whatever goes wrong
("Custom resource response objects").
"""

from __future__ import annotations

import json
import logging
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

CHAT_SITE = Path(__file__).parent.parent / "chat_site"
"""Put there by the build (functions/Makefile)."""
_FOR_THE_ANSWER = 15_000
"""Milliseconds that are kept for saying how it went."""
_ANSWER_TRIES = 3
_LONGEST_REASON = 1_000

Send = Callable[[str, bytes], None]


def handler(event: dict[str, Any], context: Any) -> None:
    """Fill the bucket (Create, Update), or empty it (Delete), and answer CloudFormation."""
    handle(event, context, _aws_client, _put)


def handle(
    event: dict[str, Any],
    context: Any,
    client: Callable[[str], Any],
    send: Send,
    chat_site: Path = CHAT_SITE,
) -> None:
    """Do what ``event`` asks, with clients by service name, and ``send`` the answer to its address."""
    logging.getLogger().setLevel(logging.INFO)
    properties = event.get("ResourceProperties") or {}
    bucket = str(properties.get("Bucket", ""))
    status, reason = "SUCCESS", "done"
    try:
        _work(
            event["RequestType"],
            properties,
            client,
            chat_site,
            lambda: context.get_remaining_time_in_millis() < _FOR_THE_ANSWER,
        )
    except Exception as error:
        log.exception("the site could not be put into its bucket")
        status, reason = "FAILED", f"{type(error).__name__}: {error}"
    answer = {
        "Status": status,
        "Reason": f"{reason[:_LONGEST_REASON]} (log stream {getattr(context, 'log_stream_name', '-')})",
        # Of the bucket: when that changes, CloudFormation asks to delete what is in the old one.
        "PhysicalResourceId": event.get("PhysicalResourceId") if status == "FAILED" else f"site-{bucket}",
        **{name: event.get(name, "") for name in ("StackId", "RequestId", "LogicalResourceId")},
    }
    answer["PhysicalResourceId"] = answer["PhysicalResourceId"] or f"site-{bucket}"
    _answer(str(event.get("ResponseURL", "")), json.dumps(answer).encode(), send)


def _work(
    asked: str,
    properties: dict[str, Any],
    client: Callable[[str], Any],
    chat_site: Path,
    out_of_time: Callable[[], bool],
) -> None:
    # Loaded here: when it cannot be, that is said too.
    from pages_app.index import missing_page  # noqa: PLC0415
    from pages_app.site_deployment import copy_site, empty  # noqa: PLC0415
    from pages_app.site_files import FOLDERS  # noqa: PLC0415
    from wechat_oa.store.aws_cdn import invalidating  # noqa: PLC0415

    bucket = properties["Bucket"]
    if asked == "Delete":
        empty(client("s3"), bucket, out_of_time)
        return
    configs = {key: dict(config) for key, config in (properties.get("Configs") or {}).items()}
    folders = {"chat/": chat_site, **{f"{name}/": folder for name, folder in FOLDERS.items()}}
    count = copy_site(client("s3"), bucket, folders, configs, out_of_time)
    if pages_bucket := properties.get("PagesBucket"):
        missing = missing_page(str(properties.get("SiteUrl", "/")))
        client("s3").put_object(
            Bucket=pages_bucket,
            Key="404.html",
            Body=missing.body,
            ContentType=missing.headers["content-type"],
            CacheControl="no-store",
        )
    log.info("site copied", extra={"files": count})
    if distribution := properties.get("Distribution"):
        invalidating(client("cloudfront"), distribution)("/*")


def _answer(url: str, body: bytes, send: Send) -> None:
    for tried in range(1, _ANSWER_TRIES + 1):
        try:
            send(url, body)
        except Exception:
            log.exception("CloudFormation could not be answered (try %d)", tried)
            if tried < _ANSWER_TRIES:
                time.sleep(tried)
        else:
            return


def _aws_client(service: str) -> Any:
    import botocore.session  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    config = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
    return botocore.session.get_session().create_client(service, config=config)


def _put(url: str, body: bytes) -> None:
    if not url.startswith("https://"):
        raise ValueError("the address of the answer must be https")
    # An empty content type: the address is signed for none.
    request = urllib.request.Request(url, body, {"content-type": ""}, method="PUT")  # noqa: S310
    with urllib.request.urlopen(request, timeout=3):  # noqa: S310  # nosec B310
        pass
