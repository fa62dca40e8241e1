"""The pages API: what strangers see, what the owner may do, what bad requests get."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pages_app.answering import answer
from pages_app.http import Answer, Request
from pages_app.services import PagesServices
from tests.support.clock import Clock
from wechat_oa.page_headers import PAGE_HEADERS
from wechat_oa.pages import Pages
from wechat_oa.settings import McpToken, Settings
from wechat_oa.store.local_blobs import FolderBlobs
from wechat_oa.store.local_table import SqliteTable
from wechat_oa.store.table import StoreError

PASSWORD = "密码 12345678"
HEADER = {"x-config-password": PASSWORD.encode().decode("latin-1")}
PAGE = "<title>菜单 & 价目</title><p>今天有三道菜"


class Api:
    """The API of an account, as a client sees it."""

    def __init__(self, folder: Path, table: SqliteTable, **settings: Any) -> None:
        chosen: dict[str, Any] = {"config_password": PASSWORD, "pages_url": "https://pages.example.com"}
        self.settings = replace(Settings(), **{**chosen, **settings})
        self.clock = Clock()
        self.pages = Pages(
            table,
            FolderBlobs(folder / "pages"),
            base_url=self.settings.pages_url,
            max_bytes=self.settings.pages_max_bytes,
            clock=self.clock,
        )
        self.services = PagesServices(self.settings, table, self.pages, clock=self.clock)

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        path, _, query = path.partition("?")
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        headers = {"content-type": "application/json", **more.pop("headers", {})}
        pairs = dict(pair.split("=", 1) for pair in query.split("&") if pair)
        request = Request(method, path, pairs, headers, data, more.pop("visitor", "203.0.113.1"))
        return answer(self.services, request)

    def owner(self, method: str, path: str, body: Any = None) -> Answer:
        return self.ask(method, path, body, headers=HEADER)


@pytest.fixture
def table(tmp_path: Path) -> Iterator[SqliteTable]:
    table = SqliteTable(tmp_path / "table.db", Clock())
    yield table
    table.close()


@pytest.fixture
def api(tmp_path: Path, table: SqliteTable) -> Api:
    return Api(tmp_path, table)


def said(answered: Answer) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(answered.body)
    return value


def test_the_owner_makes_overwrites_and_deletes_a_page(api: Api) -> None:
    made = api.owner("POST", "/api/pages", {"html": PAGE, "filename": "menu"})
    assert made.status == 201
    assert said(made)["page"]["url"] == "https://pages.example.com/menu.html"

    assert api.owner("POST", "/api/pages", {"html": PAGE, "filename": "menu"}).status == 409
    again = {"html": "<title>新", "filename": "menu.html", "overwrite": True}
    assert said(api.owner("POST", "/api/pages", again))["page"]["title"] == "新"

    assert api.owner("DELETE", "/api/pages/menu").status == 200
    assert api.owner("DELETE", "/api/pages/menu").status == 404


@pytest.mark.parametrize("field", ["html", "htmlContent", "html_content", "content"])
def test_a_page_without_a_name_gets_one(api: Api, field: str) -> None:
    page = said(api.owner("POST", "/api/pages", {field: PAGE}))["page"]

    assert re.fullmatch(r"[0-9a-f]{8}\.html", page["name"])


def test_a_file_goes_to_the_root(api: Api) -> None:
    data = base64.b64encode(b"f3a9").decode()
    made = api.owner("POST", "/api/pages", {"content_base64": data, "filename": "MP_verify_a.txt"})

    assert made.status == 201
    served = api.ask("GET", "/MP_verify_a.txt")
    assert (served.status, served.body) == (200, b"f3a9")
    assert served.headers["content-type"] == "text/plain; charset=utf-8"
    assert PAGE_HEADERS.items() <= served.headers.items()


@pytest.mark.parametrize("query", [True, False])
def test_the_older_way_to_delete_still_works(api: Api, query: bool) -> None:
    api.pages.generate(PAGE, "a")

    if query:
        answered = api.owner("POST", "/api/static-page/delete?filename=a.html")
    else:
        answered = api.ask("POST", "/api/static-page/delete", {"filename": "a", "password": PASSWORD})

    assert answered.status == 200
    assert api.pages.list().pages == []


WRITES = [
    ("POST", "/api/pages", {"html": PAGE}),
    ("DELETE", "/api/pages/a", None),
    ("POST", "/api/static-page/delete?filename=a", None),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_a_stranger_changes_nothing(api: Api, method: str, path: str, body: Any) -> None:
    api.pages.generate(PAGE, "a")

    assert api.ask(method, path, body).status == 401
    assert api.ask(method, path, body, headers={"x-config-password": "wrong"}).status == 401
    assert [page.name for page in api.pages.list().pages] == ["a.html"]


def test_guessing_gets_slower_and_a_guess_is_not_even_looked_at_then(api: Api) -> None:
    for _ in range(5):
        answered = api.ask("DELETE", "/api/pages/a", headers={"x-config-password": "wrong"})

    assert answered.status == 429
    assert int(answered.headers["retry-after"]) >= 1
    assert api.owner("GET", "/api/pages?kind=file").status == 429
    assert api.ask("GET", "/api/pages?kind=file", headers=HEADER, visitor="198.51.100.7").status == 200


def test_without_a_password_nothing_can_be_changed_and_that_is_said(
    tmp_path: Path, table: SqliteTable
) -> None:
    api = Api(tmp_path, table, config_password="")

    answered = api.owner("POST", "/api/pages", {"html": PAGE})
    assert answered.status == 403
    assert "OPENAI_CONFIG_PASSWORD" in said(answered)["error"]


TOKENS = (McpToken("desk", "write", "w" * 16), McpToken("watch", "read", "r" * 16))


@pytest.mark.parametrize(
    ("authorization", "status", "code"),
    [
        (f"Bearer {'w' * 16}", 200, ""),
        (f"bearer  {'w' * 16}", 200, ""),
        (f"Bearer {'r' * 16}", 403, "read_only"),
        (f"Bearer {'x' * 16}", 401, "wrong_token"),
        ("Bearer ", 401, "wrong_token"),
        ("Basic eDp5", 401, "password_needed"),
    ],
)
def test_a_token_that_may_write_opens_as_the_password_does(
    tmp_path: Path, table: SqliteTable, authorization: str, status: int, code: str
) -> None:
    # A token does it also where no password is set
    for number, password in enumerate((PASSWORD, "")):
        api = Api(tmp_path, table, config_password=password, mcp_auth_tokens=TOKENS)
        api.pages.generate(PAGE, f"a{number}")
        headers = {"authorization": authorization}

        answered = api.ask("POST", "/api/static-page/delete", {"filename": f"a{number}"}, headers=headers)

        assert (answered.status, said(answered).get("code", "")) == (status, code)
        assert len(api.pages.list().pages) == (number + 1 if code else 0)


def test_strangers_are_told_what_a_pages_visitors_see_and_no_more(api: Api) -> None:
    api.pages.generate(PAGE, "a")
    api.pages.add_file(b"x", "a.txt")
    api.pages.count_visit("a.html")
    public = {"name", "url", "title", "description", "created", "updated"}

    (listed,) = said(api.ask("GET", "/api/pages"))["pages"]
    assert listed.keys() == public
    assert said(api.ask("GET", "/api/pages/a"))["page"].keys() == public
    assert api.ask("GET", "/api/pages?kind=file").status == 401

    (listed,) = said(api.owner("GET", "/api/pages"))["pages"]
    assert listed.keys() == public | {"content_type", "size", "sha256"}
    assert said(api.owner("GET", "/api/pages/a"))["page"]["visits"] == 1
    assert [each["name"] for each in said(api.owner("GET", "/api/pages?kind=file"))["pages"]] == ["a.txt"]


def test_the_list_can_be_the_owners_alone(tmp_path: Path, table: SqliteTable) -> None:
    api = Api(tmp_path, table, pages_index="owner")
    api.pages.generate(PAGE, "a")

    assert api.ask("GET", "/api/pages").status == 401
    assert "菜单" not in api.ask("GET", "/").body.decode()
    assert len(said(api.owner("GET", "/api/pages"))["pages"]) == 1


def test_the_list_goes_on_where_it_ended(api: Api) -> None:
    for number in range(5):
        api.pages.generate(PAGE, f"p{number}")
        api.clock.pass_by(1)

    first = said(api.ask("GET", "/api/pages?limit=3"))
    second = said(api.ask("GET", f"/api/pages?limit=3&cursor={first['next']}"))

    assert [page["name"] for page in first["pages"] + second["pages"]] == [
        f"p{number}.html" for number in (4, 3, 2, 1, 0)
    ]
    assert second["next"] is None


BAD = [
    ({"html": PAGE, "filename": "../a"}, 400, "bad_name"),
    ({"html": PAGE, "filename": "a\x00"}, 400, "bad_name"),
    ({"html": PAGE, "filename": "a.exe"}, 400, "bad_name"),
    ({"html": PAGE, "filename": 5}, 400, "bad_field"),
    ({"html": PAGE, "overwrite": "yes"}, 400, "bad_field"),
    ({"html": "", "filename": "a"}, 400, "bad_content"),
    ({}, 400, "bad_content"),
    ({"html": "a" * 2_000_001}, 400, "bad_content"),
    ({"html": ["a"]}, 400, "bad_field"),
    ({"content_base64": "*"}, 400, "bad_field"),
    ({"content_base64": base64.b64encode(b"\xff\xfe").decode()}, 400, "bad_content"),
    (b"{", 400, "bad_json"),
    (b"[]", 400, "bad_json"),
    (b"\xff", 400, "bad_json"),
    (b"[" * 100_000, 400, "bad_json"),
]


@pytest.mark.parametrize(("body", "status", "code"), BAD, ids=range(len(BAD)))
def test_what_makes_no_sense_is_said_in_chinese_and_changes_nothing(
    api: Api, body: Any, status: int, code: str
) -> None:
    answered = api.owner("POST", "/api/pages", body)

    assert (answered.status, said(answered)["code"]) == (status, code)
    assert re.search(r"[\u4e00-\u9fff]", said(answered)["error"])
    assert api.pages.list().pages == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/pages/..", 400),
        ("GET", "/api/pages/nothing", 404),
        ("GET", "/api/pages/nothing/qr", 404),
        ("PUT", "/api/pages", 405),
        ("GET", "/api/static-page/delete", 405),
        ("GET", "/api/pages?limit=0", 400),
        ("GET", "/api/pages?limit=51", 400),
        ("GET", "/api/pages?limit=٣", 400),
        ("GET", "/api/pages?kind=all", 400),
        ("GET", "/pages/../../etc/passwd", 404),
        ("GET", "/pages/..\\a", 400),
        ("GET", "/nothing.txt", 404),
        ("GET", "/..%2fa.txt", 404),
        ("GET", "/nothing", 404),
        ("POST", "/", 404),
        ("GET", "/manage/../services.py", 404),
        ("GET", "/manage//etc/passwd", 404),
        ("GET", "/themes/../services.py", 404),
        ("GET", "/themes/config.json", 404),
    ],
)
def test_addresses_that_are_none(api: Api, method: str, path: str, status: int) -> None:
    answered = api.ask(method, path)

    assert answered.status == status
    assert answered.headers["x-content-type-options"] == "nosniff"


def test_a_store_that_is_out_of_order_is_said(tmp_path: Path, table: SqliteTable) -> None:
    api = Api(tmp_path, table)
    table.close()

    for path in ("/", "/api/pages", "/a.txt"):
        answered = api.ask("GET", path)
        assert answered.status == 503
        assert "retry-after" in answered.headers
    with pytest.raises(StoreError):
        table.get("a", "b")


def test_a_page_is_opened_on_its_own_origin(api: Api) -> None:
    for name in ("菜单", "菜单.html"):
        answered = api.ask("GET", f"/pages/{name}")
        assert answered.status == 302
        assert answered.headers["location"] == "https://pages.example.com/%E8%8F%9C%E5%8D%95.html"


def test_where_there_is_no_other_origin_a_page_is_served_with_the_headers_that_contain_it(
    tmp_path: Path, table: SqliteTable
) -> None:
    api = Api(tmp_path, table, pages_url="https://api.example.com/oa/pages", context_path="/oa")
    page = api.pages.generate(PAGE, "a")

    assert page.url == "https://api.example.com/oa/pages/a.html"
    served = api.ask("GET", "/pages/a.html")
    assert (served.status, served.body.decode()) == (200, PAGE)
    assert PAGE_HEADERS.items() <= served.headers.items()
    assert api.ask("GET", "/pages/b.html").status == 404


def test_the_index_shows_the_account_the_chat_and_the_pages_escaped(
    tmp_path: Path, table: SqliteTable
) -> None:
    api = Api(
        tmp_path,
        table,
        official_account_name="<小店>",
        chat_url="https://chat.example.com/",
        context_path="/oa",
    )
    api.pages.generate("<title>&lt;script&gt;alert(1)&lt;/script&gt;</title>")
    for _ in range(20):
        api.clock.pass_by(1)
        api.pages.generate(PAGE)

    answered = api.ask("GET", "/")
    html = answered.body.decode()
    assert "&lt;小店&gt;" in html
    assert 'href="https://chat.example.com/"' in html
    assert html.count("菜单 &amp; 价目") == 20
    assert 'href="/oa/manage/"' in html
    assert 'href="/oa/themes/"' in html
    (more,) = re.findall(r'href="/oa/static-pages/\?(cursor=[^"]+)"', html)

    rest = api.ask("GET", f"/static-pages/?{more}").body.decode()
    assert "&lt;script&gt;alert(1)" in rest
    assert "<script" not in html + rest
    assert "default-src 'none'" in answered.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("language", "said"), [("", "网页"), ("zh-TW,en", "网页"), ("en-US,zh", "Pages"), ("fr", "Pages")]
)
def test_the_index_speaks_the_visitors_language(api: Api, language: str, said: str) -> None:
    answered = api.ask("GET", "/", headers={"accept-language": language})

    assert f"<h2>{said}</h2>" in answered.body.decode()
    assert answered.headers["vary"] == "Accept-Language"


def test_the_site_and_nobody_else_may_read_the_api_from_another_origin(
    tmp_path: Path, table: SqliteTable
) -> None:
    api = Api(tmp_path, table, site_url="https://site.example.com")

    allowed = api.ask("OPTIONS", "/api/pages", headers={"origin": "https://site.example.com"})
    assert allowed.status == 204
    assert allowed.headers["access-control-allow-origin"] == "https://site.example.com"
    assert "x-config-password" in allowed.headers["access-control-allow-headers"]
    refused = api.ask("GET", "/api/pages", headers={"origin": "https://site.example.com"})
    assert refused.headers["access-control-allow-origin"] == "https://site.example.com"
    for origin in ("null", "https://pages.example.com", "https://site.example.com.evil.com", ""):
        answered = api.ask("GET", "/api/pages", headers={"origin": origin})
        assert "access-control-allow-origin" not in answered.headers
        assert answered.headers["vary"] == "Origin"


def test_a_qr_code_leads_to_the_page(api: Api) -> None:
    api.pages.generate(PAGE, "菜单")

    answered = api.ask("GET", "/api/pages/菜单/qr")

    assert answered.headers["content-type"].startswith("image/svg+xml")
    assert answered.body.startswith(b"<svg")
