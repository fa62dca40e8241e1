"""The server as its own authorization server: registered, approved, exchanged, renewed, ended."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.support.mcp import PUBLISH, Owner, make_owner
from tests.support.oauth import (
    CALLBACK,
    PASSWORD,
    PING,
    URL,
    ask,
    connected,
    decide,
    exchange,
    granted,
    register,
    renew,
    works,
)
from wechat_mcp.auth.client_documents import acceptable_redirect


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def owner(tmp_path: Path, time: Time) -> Owner:
    return make_owner(
        tmp_path,
        tokens_required=True,
        clock=time,
        OPENAI_CONFIG_PASSWORD=PASSWORD,
        MCP_PUBLIC_URL=URL,
        MCP_AUTH_TOKENS=PUBLISH,
    )


@pytest.fixture
async def http(owner: Owner) -> AsyncGenerator[httpx.AsyncClient]:
    async with connected(owner) as client:
        yield client


# ---- What clients find -----------------------------------------------------------------------------------


async def test_a_stranger_is_told_where_to_sign_in(http: httpx.AsyncClient) -> None:
    refused = await http.post("/mcp", json=PING)
    resource_url = re.search(r'resource_metadata="([^"]+)"', refused.headers["www-authenticate"])
    assert resource_url
    resource = (await http.get(resource_url[1])).json()
    server = (await http.get("/.well-known/oauth-authorization-server")).json()

    assert refused.status_code == 401
    assert resource["resource"] == f"{URL}/mcp"
    assert resource["authorization_servers"] == [f"{URL}/"]
    assert resource["scopes_supported"] == ["read", "write", "publish"]
    assert server["code_challenge_methods_supported"] == ["S256"]
    assert server["token_endpoint_auth_methods_supported"] == ["none"]
    assert server["client_id_metadata_document_supported"] is True
    assert server["registration_endpoint"] == f"{URL}/register"
    assert server["revocation_endpoint"] == f"{URL}/revoke"


async def test_the_owners_own_tokens_work_beside_it(http: httpx.AsyncClient) -> None:
    assert await works(http, PUBLISH)


# ---- The whole way ---------------------------------------------------------------------------------------


async def test_a_client_is_registered_approved_and_works(http: httpx.AsyncClient) -> None:
    registered = await register(http)
    client_id = registered.json()["client_id"]
    assert registered.json()["token_endpoint_auth_method"] == "none"
    assert "client_secret" not in registered.json()

    asked = await ask(http, client_id)
    page = await http.get(asked.headers["location"])
    assert "Claude" in page.text
    assert "https://claude.example" in page.text
    back = await decide(http, asked.headers["location"])
    query = parse_qs(urlsplit(back.headers["location"]).query)
    tokens = await exchange(http, client_id, query["code"][0])

    assert back.status_code == 303
    assert back.headers["location"].startswith(f"{CALLBACK}?")
    assert query["state"] == ["s1"]
    assert tokens.json()["scope"] == "read write publish"
    assert tokens.headers["cache-control"] == "no-store"
    assert await works(http, tokens.json()["access_token"])


async def test_nothing_that_opens_anything_is_in_the_table_as_it_is(
    http: httpx.AsyncClient, owner: Owner, tmp_path: Path
) -> None:
    client_id, tokens = await granted(http)
    owner.services.table.get("health", "-")

    stored = _everything_in(tmp_path)

    assert b"oauth_access#" in stored
    for secret in (tokens["access_token"], tokens["refresh_token"], PASSWORD):
        assert secret.encode() not in stored
    assert client_id


async def test_the_owner_may_grant_less_than_is_asked(http: httpx.AsyncClient) -> None:
    client_id = (await register(http)).json()["client_id"]
    asked = await ask(http, client_id)
    back = await decide(http, asked.headers["location"], scope="read")
    code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]

    assert (await exchange(http, client_id, code)).json()["scope"] == "read"


async def test_nobody_gets_more_than_was_asked(http: httpx.AsyncClient) -> None:
    _, tokens = await granted(http, scope="read")

    assert tokens["scope"] == "read"


async def test_a_refused_client_is_told_so(http: httpx.AsyncClient) -> None:
    client_id = (await register(http)).json()["client_id"]
    asked = await ask(http, client_id)

    back = await decide(http, asked.headers["location"], decision="no", password="")

    assert parse_qs(urlsplit(back.headers["location"]).query)["error"] == ["access_denied"]
    assert (await http.get(asked.headers["location"])).status_code == 400


def _everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("table.db*"))


# ---- What is refused -------------------------------------------------------------------------------------


async def test_a_wrong_password_approves_nothing_and_tries_get_slower(http: httpx.AsyncClient) -> None:
    client_id = (await register(http)).json()["client_id"]
    page = (await ask(http, client_id)).headers["location"]

    tries = [(await decide(http, page, password=f"guess {n}")).status_code for n in range(6)]
    right = await decide(http, page)

    assert tries[0] == 403
    assert tries[-1] == 429
    assert right.status_code == 429


@pytest.mark.parametrize(
    "more",
    [
        {"redirect_uri": f"{CALLBACK}/more"},
        {"redirect_uri": "https://evil.example/"},
        {"client_id": "nobody"},
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
        {"scope": "everything"},
        {"resource": "https://other.example/mcp"},
    ],
)
async def test_a_request_that_is_not_right_never_reaches_the_owner(
    http: httpx.AsyncClient, more: dict[str, str]
) -> None:
    client_id = (await register(http)).json()["client_id"]

    asked = await ask(http, **{"client_id": client_id, **more})

    assert "/approve" not in asked.headers.get("location", "")
    assert "evil.example" not in asked.headers.get("location", "")


@pytest.mark.parametrize(
    "more", [{"code_verifier": "w" * 64}, {"redirect_uri": "https://claude.example/"}, {"client_id": "other"}]
)
async def test_a_code_is_of_no_use_to_whoever_did_not_ask_for_it(
    http: httpx.AsyncClient, more: dict[str, str]
) -> None:
    client_id = (await register(http)).json()["client_id"]
    back = await decide(http, (await ask(http, client_id)).headers["location"])
    code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
    if "client_id" in more:
        more = {"client_id": (await register(http)).json()["client_id"]}

    answered = await exchange(http, **{"client_id": client_id, "code": code, **more})

    assert answered.status_code in (400, 401)
    assert "access_token" not in answered.text


async def test_a_code_that_comes_twice_ends_what_it_brought(http: httpx.AsyncClient) -> None:
    client_id = (await register(http)).json()["client_id"]
    back = await decide(http, (await ask(http, client_id)).headers["location"])
    code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
    tokens = (await exchange(http, client_id, code)).json()

    again = await exchange(http, client_id, code)

    assert again.status_code in (400, 401)
    assert not await works(http, tokens["access_token"])


async def test_everything_expires(http: httpx.AsyncClient, time: Time) -> None:
    client_id = (await register(http)).json()["client_id"]
    page = (await ask(http, client_id)).headers["location"]
    back = await decide(http, page)
    code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
    time.now += 61
    late = await exchange(http, client_id, code)
    _, tokens = await granted(http)
    time.now += 3601

    assert late.status_code in (400, 401)
    assert not await works(http, tokens["access_token"])
    other = (await ask(http, client_id)).headers["location"]
    time.now += 601
    assert (await http.get(other)).status_code == 400


async def test_a_refresh_token_is_good_once_and_a_stolen_one_ends_all(http: httpx.AsyncClient) -> None:
    client_id, tokens = await granted(http)

    renewed = (await renew(http, client_id, tokens["refresh_token"])).json()
    assert await works(http, renewed["access_token"])
    assert renewed["refresh_token"] != tokens["refresh_token"]
    stolen = await renew(http, client_id, tokens["refresh_token"])

    assert stolen.status_code in (400, 401)
    assert not await works(http, renewed["access_token"])
    assert (await renew(http, client_id, renewed["refresh_token"])).status_code in (400, 401)


async def test_a_client_ends_its_own_tokens_and_no_others(http: httpx.AsyncClient) -> None:
    client_id, tokens = await granted(http)
    other, _ = await granted(http)

    await http.post("/revoke", data={"token": tokens["access_token"], "client_id": other})
    assert await works(http, tokens["access_token"])
    answered = await http.post("/revoke", data={"token": tokens["refresh_token"], "client_id": client_id})

    assert answered.status_code == 200
    assert not await works(http, tokens["access_token"])


@pytest.mark.parametrize(
    "uris",
    [
        ["http://claude.example/callback"],
        ["javascript:alert(1)"],
        ["https://user:secret@claude.example/"],
        ["https://claude.example/#fragment"],
        [f"https://claude.example/{n}" for n in range(11)],
    ],
)
async def test_a_client_with_an_unsafe_address_is_not_registered(
    http: httpx.AsyncClient, uris: list[str]
) -> None:
    assert (await register(http, redirect_uris=uris)).status_code == 400


async def test_strangers_cannot_fill_the_table_with_clients(http: httpx.AsyncClient, owner: Owner) -> None:
    for _ in range(200):
        owner.services.quota.take("mcp_clients", "*", 200)

    assert (await register(http)).status_code == 400
    assert (await register(http, client_name="n" * 9_000)).status_code == 400


@pytest.mark.parametrize(
    ("uri", "accepted"),
    [
        ("https://claude.ai/api/mcp/auth_callback", True),
        ("http://localhost:33418/callback", True),
        ("http://127.0.0.1/callback", True),
        ("http://[::1]:1/callback", True),
        ("cursor://anysphere.cursor-mcp/oauth/callback", True),
        ("http://localhost.evil.example/", False),
        ("data:text/html,x", False),
        ("/callback", False),
    ],
)
def test_codes_are_sent_only_where_the_client_itself_can_be(uri: str, accepted: bool) -> None:
    assert acceptable_redirect(uri) is accepted


# ---- The page --------------------------------------------------------------------------------------------


async def test_the_page_shows_a_hostile_name_as_text_and_runs_nothing(http: httpx.AsyncClient) -> None:
    client_id = (await register(http, client_name="<script>alert(1)</script>")).json()["client_id"]

    page = await http.get((await ask(http, client_id)).headers["location"])

    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


async def test_the_form_of_another_site_is_refused(http: httpx.AsyncClient) -> None:
    client_id = (await register(http)).json()["client_id"]
    page = (await ask(http, client_id)).headers["location"]
    name = parse_qs(urlsplit(page).query)["request"][0]
    form = {"request": name, "decision": "yes", "password": PASSWORD}

    answered = await http.post("/approve", data=form, headers={"Origin": "https://evil.example"})

    assert answered.status_code == 403
