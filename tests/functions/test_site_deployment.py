"""The custom resource: the site in its bucket, and an answer to CloudFormation whatever happens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from pages_app.deploying import handle
from pages_app.site_deployment import OutOfTimeError, copy_site, empty
from pages_app.site_files import MANAGER, THEMES, cache_control, content_type, site_files

ROOT = Path(__file__).resolve().parents[2]
CHAT = ROOT / "functions" / "chat" / "chat_app" / "site"
CONFIGS = {
    "chat/config.json": {"api": "https://chat.example.com"},
    "manage/config.json": {"api": "https://a"},
}


class Context:
    log_stream_name = "2026/11/23/[1]abc"

    def __init__(self, left: int = 100_000) -> None:
        self._left = left

    def get_remaining_time_in_millis(self) -> int:
        return self._left


class CloudFormation:
    """Where the answers go."""

    def __init__(self, fails: int = 0) -> None:
        self.answers: list[dict[str, Any]] = []
        self._fails = fails

    def __call__(self, url: str, body: bytes) -> None:
        assert url == "https://cloudformation.example.com/answer?signed"
        if self._fails:
            self._fails -= 1
            raise TimeoutError
        self.answers.append(json.loads(body))


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        for bucket in ("site", "pages"):
            client.create_bucket(Bucket=bucket)
        yield client


def keys(s3: Any, bucket: str = "site") -> set[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {found["Key"] for page in pages for found in page.get("Contents", ())}


def event(kind: str, **properties: Any) -> dict[str, Any]:
    return {
        "RequestType": kind,
        "ResponseURL": "https://cloudformation.example.com/answer?signed",
        "StackId": "arn:stack",
        "RequestId": "r-1",
        "LogicalResourceId": "Site",
        "ResourceProperties": {"ServiceToken": "x", "Bucket": "site", "Configs": CONFIGS, **properties},
    }


def test_every_file_of_the_site_is_of_a_kind_that_is_known() -> None:
    for folder in (CHAT, MANAGER, THEMES):
        files = site_files(folder)
        assert Path("index.html") in files
        for path in files:
            assert content_type(path)
            assert cache_control(path)


def test_files_are_copied_as_what_they_are_and_the_deployments_addresses_beside_them(s3: Any) -> None:
    count = copy_site(s3, "site", {"chat/": CHAT, "manage/": MANAGER}, CONFIGS)

    files = {f"chat/{file}" for file in site_files(CHAT)} | {f"manage/{file}" for file in site_files(MANAGER)}
    assert len(keys(s3)) == count == len(files | CONFIGS.keys())
    page = s3.head_object(Bucket="site", Key="chat/index.html")
    assert (page["ContentType"], page["CacheControl"]) == ("text/html; charset=utf-8", "no-cache")
    script = s3.head_object(Bucket="site", Key="manage/js/main.js")
    assert (script["ContentType"], script["CacheControl"]) == ("text/javascript; charset=utf-8", "no-cache")
    vendor = s3.head_object(Bucket="site", Key="chat/vendor/marked/marked.esm.js")
    assert vendor["CacheControl"] == "public, max-age=86400"
    config = s3.get_object(Bucket="site", Key="chat/config.json")
    assert json.loads(config["Body"].read()) == CONFIGS["chat/config.json"]
    assert config["ContentType"] == "application/json; charset=utf-8"


def test_what_an_earlier_deployment_left_is_removed_and_nothing_else(s3: Any) -> None:
    s3.put_object(Bucket="site", Key="chat/js/old.js", Body=b"")
    s3.put_object(Bucket="pages", Key="a.html", Body=b"")

    copy_site(s3, "site", {"manage/": MANAGER}, CONFIGS)

    assert "chat/js/old.js" not in keys(s3)
    assert "manage/index.html" in keys(s3)
    assert keys(s3, "pages") == {"a.html"}


def test_the_page_comes_after_the_files_that_it_names() -> None:
    order: list[str] = []

    class Recorder:
        def put_object(self, **call: Any) -> None:
            order.append(call["Key"])

        def get_paginator(self, _: str) -> Any:
            return self

        def paginate(self, **_: Any) -> list[dict[str, Any]]:
            return [{}]

    copy_site(Recorder(), "site", {"manage/": MANAGER}, {})

    first_page = next(number for number, key in enumerate(order) if key.endswith(".html"))
    assert all(key.endswith(".html") for key in order[first_page:])


def test_a_bucket_of_thousands_is_emptied_and_one_that_is_gone_is_empty(s3: Any) -> None:
    for number in range(1_050):
        s3.put_object(Bucket="site", Key=f"{number}.txt", Body=b"")

    empty(s3, "site")
    empty(s3, "nowhere")

    assert keys(s3) == set()


def test_without_time_left_copying_stops_and_says_so(s3: Any) -> None:
    with pytest.raises(OutOfTimeError):
        copy_site(s3, "site", {"manage/": MANAGER}, CONFIGS, lambda: True)


class Clients:
    def __init__(self, s3: Any) -> None:
        self._s3 = s3
        self.invalidated: list[Any] = []

    def __call__(self, service: str) -> Any:
        return self._s3 if service == "s3" else self

    def create_invalidation(self, **call: Any) -> None:
        self.invalidated.append((call["DistributionId"], call["InvalidationBatch"]["Paths"]["Items"]))


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_deployment_fills_the_bucket_and_is_answered(s3: Any, kind: str) -> None:
    cloudformation, clients = CloudFormation(), Clients(s3)

    asked = event(kind, Distribution="D1", PagesBucket="pages", SiteUrl="https://site.example.com/")
    handle(asked, Context(), clients, cloudformation, CHAT)

    (answered,) = cloudformation.answers
    assert answered["Status"] == "SUCCESS"
    assert answered["PhysicalResourceId"] == "site-site"
    assert (answered["StackId"], answered["RequestId"]) == ("arn:stack", "r-1")
    assert {"chat/index.html", "chat/config.json", "manage/index.html", "manage/404.html"} <= keys(s3)
    assert {f"themes/{file}" for file in site_files(THEMES)} <= keys(s3)
    assert clients.invalidated == [("D1", ["/*"])]
    missing = s3.get_object(Bucket="pages", Key="404.html")
    assert missing["ContentType"] == "text/html; charset=utf-8"
    assert b'href="https://site.example.com/"' in missing["Body"].read()


def test_deleting_the_stack_empties_the_bucket_and_is_answered(s3: Any) -> None:
    s3.put_object(Bucket="site", Key="chat/index.html", Body=b"")
    cloudformation = CloudFormation()

    handle(event("Delete") | {"PhysicalResourceId": "site-site"}, Context(), Clients(s3), cloudformation)

    assert cloudformation.answers[0]["Status"] == "SUCCESS"
    assert keys(s3) == set()


def broken(_: str) -> Any:
    raise OSError("no network")


@pytest.mark.parametrize(
    ("asked", "client"),
    [
        (event("Create"), broken),
        (event("Update") | {"PhysicalResourceId": "site-site"}, broken),
        (event("Create", Bucket=None), broken),
        ({**event("Create"), "ResourceProperties": None}, broken),
        ({**event("Create"), "RequestType": None}, broken),
        (event("Create", Configs="nonsense"), broken),
    ],
    ids=range(6),
)
def test_whatever_goes_wrong_cloudformation_is_told(
    asked: dict[str, Any], client: Callable[[str], Any]
) -> None:
    cloudformation = CloudFormation()

    handle(asked, Context(), client, cloudformation, CHAT)

    (answered,) = cloudformation.answers
    assert answered["Status"] == "FAILED"
    assert answered["PhysicalResourceId"]
    assert "2026/11/23/[1]abc" in answered["Reason"]


def test_when_time_runs_out_cloudformation_is_told_before_it_is_over(s3: Any) -> None:
    cloudformation = CloudFormation()

    handle(event("Create"), Context(left=14_000), Clients(s3), cloudformation, CHAT)

    assert cloudformation.answers[0]["Status"] == "FAILED"
    assert "OutOfTimeError" in cloudformation.answers[0]["Reason"]


def test_an_answer_that_is_lost_is_sent_again(s3: Any) -> None:
    cloudformation = CloudFormation(fails=1)

    handle(event("Delete"), Context(), Clients(s3), cloudformation)

    assert len(cloudformation.answers) == 1
