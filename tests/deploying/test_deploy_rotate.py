"""``python -m deploy rotate``: new secrets, and functions that know them."""

from __future__ import annotations

import pytest

from deploy.errors import DeployError
from deploy.owner_file import OwnerFile
from deploy.rotate import KINDS, rotate
from deploy.secret_values import aes_key, renewed_tokens
from tests.support.deploying import TEMPLATE, UNSUPPORTED, Owner
from wechat_oa.settings import read_settings

pytestmark = pytest.mark.filterwarnings(UNSUPPORTED)
OLD_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OLD_TOKENS = "editor:write:editors-token-0123456789,plain-token-0123456789"


@pytest.fixture
def deployed(present_owner: Owner) -> Owner:
    present_owner.write_env(WECHAT_ENCODING_AES_KEY=OLD_KEY, MCP_AUTH_TOKENS=OLD_TOKENS)
    present_owner.put_stack()
    present_owner.put_secrets(
        WECHAT_TOKEN="thetoken", WECHAT_ENCODING_AES_KEY=OLD_KEY, MCP_AUTH_TOKENS=OLD_TOKENS
    )
    return present_owner


def version(owner: Owner) -> str:
    return owner.context().stack().parameters()["SecretsVersion"]


def test_a_new_key_leaves_the_one_that_was_in_use_as_the_previous_one(deployed: Owner) -> None:
    assert rotate(deployed.context(), ["aes-key"]) == 0

    stored, file = deployed.secrets(), OwnerFile(deployed.env_file).values()
    assert stored["WECHAT_ENCODING_AES_KEY_PREVIOUS"] == OLD_KEY
    assert stored["WECHAT_ENCODING_AES_KEY"] != OLD_KEY
    assert stored["MCP_AUTH_TOKENS"] == OLD_TOKENS
    for name in ("WECHAT_ENCODING_AES_KEY", "WECHAT_ENCODING_AES_KEY_PREVIOUS"):
        assert file[name] == stored[name]
    assert stored["WECHAT_ENCODING_AES_KEY"] in deployed.output
    assert OLD_KEY not in deployed.output


def test_new_tokens_keep_their_names_and_what_they_are_good_for(deployed: Owner) -> None:
    rotate(deployed.context(), ["mcp"])

    stored = deployed.secrets()["MCP_AUTH_TOKENS"]
    editor, plain = read_settings({"MCP_AUTH_TOKENS": stored}).mcp_auth_tokens
    assert (editor.name, editor.scope) == ("editor", "write")
    assert not {editor.token, plain.token} & {"editors-token-0123456789", "plain-token-0123456789"}
    assert OwnerFile(deployed.env_file).values()["MCP_AUTH_TOKENS"] == stored
    assert deployed.secrets()["WECHAT_ENCODING_AES_KEY"] == OLD_KEY


def test_the_functions_are_started_anew_and_nothing_else_of_the_stack_changes(deployed: Owner) -> None:
    before = deployed.context().stack().parameters()
    rotate(deployed.context(), KINDS)

    after = deployed.context().stack().parameters()
    assert after["SecretsVersion"] not in ("", before["SecretsVersion"])
    assert {**after, "SecretsVersion": ""} == {**before, "SecretsVersion": ""}


def test_each_rotation_starts_them_again(deployed: Owner) -> None:
    rotate(deployed.context(), ["mcp"])
    first = version(deployed)
    rotate(deployed.context(), ["mcp"])

    assert version(deployed) != first


def test_the_deployed_secrets_are_renewed_where_the_owners_file_holds_none(deployed: Owner) -> None:
    deployed.env_file.write_text("WECHAT_APP_ID=wx0123456789abcdef\n")
    rotate(deployed.context(), ["aes-key"])

    assert OwnerFile(deployed.env_file).values()["WECHAT_ENCODING_AES_KEY_PREVIOUS"] == OLD_KEY


def test_an_account_without_a_key_has_none_to_renew(present_owner: Owner) -> None:
    present_owner.put_stack()

    with pytest.raises(DeployError, match="还没有 EncodingAESKey"):
        rotate(present_owner.context(), ["aes-key"])
    assert present_owner.secrets() == {}


def test_without_a_stack_nothing_is_renewed(present_owner: Owner) -> None:
    with pytest.raises(DeployError, match="There is no stack wechat-oa"):
        rotate(present_owner.context(), KINDS)


def test_a_stack_that_cannot_start_its_functions_anew_says_so(deployed: Owner) -> None:
    deployed.client("cloudformation").delete_stack(StackName="wechat-oa")
    parameters = {"SecretsPrefix": TEMPLATE["Parameters"]["SecretsPrefix"]}
    outputs = {"CallbackUrl": {"Value": "https://old.example/"}}
    old = {"Parameters": parameters, "Resources": TEMPLATE["Resources"], "Outputs": outputs}
    old["Resources"] = {n: r for n, r in old["Resources"].items() if n == "AnswerQueue"}
    deployed.put_stack(old)

    with pytest.raises(DeployError, match="too old to take new secrets"):
        rotate(deployed.context(), ["mcp"])


def test_what_is_made_up_is_what_the_code_takes() -> None:
    assert read_settings({"WECHAT_ENCODING_AES_KEY": aes_key(), "WECHAT_APP_ID": "wx1"}).encoding_aes_key
    assert read_settings({"MCP_AUTH_TOKENS": renewed_tokens("")}).mcp_auth_tokens[0].name == "owner"
