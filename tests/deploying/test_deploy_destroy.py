"""``python -m deploy destroy``: what goes, what stays, and the question before."""

from __future__ import annotations

import pytest

from deploy.destroy import destroy
from deploy.errors import DeployError
from tests.support.deploying import UNSUPPORTED, Owner

pytestmark = pytest.mark.filterwarnings(UNSUPPORTED)


@pytest.fixture
def deployed(present_owner: Owner) -> Owner:
    present_owner.put_stack()
    present_owner.put_secrets(WECHAT_TOKEN="thetoken", MCP_AUTH_TOKENS="a-token-0123456789")
    s3 = present_owner.client("s3")
    s3.put_bucket_versioning(Bucket="the-site", VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        s3.put_object(Bucket="the-site", Key="index.html", Body=b"x")
    s3.delete_object(Bucket="the-site", Key="index.html")
    s3.put_object(Bucket="the-pages", Key="page.html", Body=b"x")
    return present_owner


def gone(owner: Owner) -> bool:
    return owner.context().stack().describe() is None


@pytest.mark.parametrize("typed", ["", "yes", "wechat-oa2"])
def test_nothing_is_deleted_unless_the_stacks_name_is_typed(deployed: Owner, typed: str) -> None:
    deployed.answers = [typed]

    assert destroy(deployed.context()) == 1
    assert not gone(deployed)
    assert deployed.client("s3").list_object_versions(Bucket="the-site")["Versions"]


def test_where_nobody_can_be_asked_nothing_is_deleted(deployed: Owner) -> None:
    deployed.interactive = False

    assert destroy(deployed.context()) == 1
    assert not gone(deployed)
    assert deployed.asked == []


def test_the_stack_goes_with_its_buckets_emptied_of_every_version(deployed: Owner) -> None:
    deployed.answers = ["wechat-oa", "n"]

    assert destroy(deployed.context()) == 0

    assert gone(deployed)
    assert "the-site   3" in deployed.output
    assert "the-site" not in [each["Name"] for each in deployed.client("s3").list_buckets()["Buckets"]]


def test_what_is_kept_is_named_with_the_way_to_delete_it(deployed: Owner) -> None:
    deployed.answers = ["wechat-oa", "n"]
    destroy(deployed.context())

    assert deployed.client("s3").get_object(Bucket="the-pages", Key="page.html")["Body"].read() == b"x"
    assert "aws s3 rb --force s3://the-pages" in deployed.output


@pytest.mark.parametrize(("answer", "kept"), [("y", False), ("n", True), ("", True)])
def test_the_secrets_are_deleted_for_a_yes_alone(deployed: Owner, answer: str, kept: bool) -> None:
    deployed.answers = ["wechat-oa", answer]
    destroy(deployed.context())

    assert bool(deployed.secrets()) == kept
    assert "thetoken" not in deployed.output


def test_a_program_can_say_all_of_it_beforehand(deployed: Owner) -> None:
    deployed.interactive = False

    assert destroy(deployed.context(), confirmed="wechat-oa", with_secrets=True) == 0
    assert gone(deployed)
    assert deployed.secrets() == {}


def test_a_stack_that_is_not_there_is_said_to_be_not_there(present_owner: Owner) -> None:
    with pytest.raises(DeployError, match="There is no stack"):
        destroy(present_owner.context())
