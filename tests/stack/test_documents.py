"""The documents say what is so: links lead somewhere, settings are those of the code, sums add up."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from deploy.template import read_template
from tests.stack.expand import ROOT, Stack
from tests.stack.test_settings import OF_THE_DEPLOYMENT, Asked
from wechat_oa.api import errors
from wechat_oa.settings import read_settings

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
BOTH = [path for path in DOCUMENTS if (ROOT / "docs/en" / path.name).exists() and path.parent.name == "docs"]
CHOSEN_BY_OWNERS = {"CHAT_CLIENT_ADDRESS_HEADER", "MCP_PUBLIC_URL", "PAGES_URL", "SITE_URL"}
"""Made by the template on AWS, and a setting everywhere else."""
_LINK = re.compile(r"(?<!\\)\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_ANCHOR = re.compile(r'<a id="([^"]+)">')
_ROW = re.compile(r"^\| `([A-Z][A-Z_]+)`[^|]*\|(?: `([^`]*)`)? *\|", re.MULTILINE)


def text_of(path: Path) -> str:
    """Return a document without what is in its blocks of code."""
    return re.sub(r"^ *```.*?^ *```", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(path: Path) -> set[str]:
    """Return what a link into a document may name, as GitHub makes it of headings."""
    text = text_of(path)
    names = (re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(text))
    return {*names, *_ANCHOR.findall(text)}


def known_settings() -> set[str]:
    """Return what an owner may set, without the names for the account's answers alone."""
    asked = Asked()
    read_settings(asked)
    of_the_account = {name for name in asked.names if name.startswith("OPENAI_WECHAT_")}
    return asked.names - of_the_account - (OF_THE_DEPLOYMENT - CHOSEN_BY_OWNERS)


def of_the_deployment() -> set[str]:
    """Return what an owner may choose of a deployment, and no function is told as a setting."""
    template = read_template(ROOT / "template.yaml")
    asked = Asked()
    read_settings(asked)
    parameters = {each.setting for each in template.parameters.values()} - {"SECRETS_VERSION"}
    return (parameters - asked.names) | {"AWS_REGION", "AWS_PROFILE", "STACK"}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in _LINK.findall(text_of(path)):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = unquote(link).partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


@pytest.mark.parametrize("path", BOTH, ids=lambda path: path.name)
def test_a_document_has_the_same_shape_in_both_languages(path: Path) -> None:
    def shape(document: Path) -> tuple[list[int], int]:
        text = text_of(document)
        return [len(level) for level in re.findall(r"^(#+) ", text, re.MULTILINE)], text.count("\n|")

    assert shape(path) == shape(ROOT / "docs/en" / path.name)


def test_both_readmes_have_the_same_shape() -> None:
    chinese, english = (
        re.findall(r"^(#+) |^```(\w*)", (ROOT / name).read_text("utf-8"), re.MULTILINE)
        for name in ("README.md", "README.en.md")
    )
    assert chinese == english


@pytest.mark.parametrize("name", ["docs/settings.md", "docs/en/settings.md"])
def test_every_setting_is_explained_with_its_default(name: str) -> None:
    rows = dict(_ROW.findall((ROOT / name).read_text("utf-8")))

    assert rows.keys() == known_settings()
    for setting, default in rows.items():
        assert read_settings({setting: default}) == read_settings({}), setting


def test_the_example_of_an_env_file_has_every_setting_and_nothing_else() -> None:
    example = (ROOT / ".env.example").read_text("utf-8")
    names = re.findall(r"^([A-Z_]+)=(.*)$", example, re.MULTILINE)

    assert len(dict(names)) == len(names)
    # One is another name of OPENAI_API_URL; one stands for all that the account's answers may have apart.
    settings = (known_settings() - {"OPENAI_BASE_URL"}) | {"OPENAI_WECHAT_MODEL"}
    assert {name for name, _ in names} == settings | of_the_deployment()
    assert read_settings(dict(names)) == read_settings({})


@pytest.mark.parametrize("name", ["README.md", "README.en.md"])
def test_the_readme_names_no_setting_that_there_is_not(name: str) -> None:
    rows = re.findall(r"^\| (`[A-Z_` ]+`) \|", (ROOT / name).read_text("utf-8"), re.MULTILINE)
    named = {setting for row in rows for setting in re.findall(r"[A-Z_]+", row)}

    assert named
    assert named <= known_settings()


@pytest.mark.parametrize("name", ["docs/troubleshooting.md", "docs/en/troubleshooting.md"])
def test_every_errcode_that_is_explained_is_one_that_the_code_explains(name: str) -> None:
    known = json.loads(Path(errors.__file__).with_name("errcodes.json").read_bytes())
    rows = re.findall(
        r"^\| (?:<a id=\"\d+\"></a>)?((?:`-?\d+` ?)+)\|", (ROOT / name).read_text(), re.MULTILINE
    )
    codes = [code for row in rows for code in re.findall(r"-?\d+", row)]

    assert len(codes) > 20
    assert set(codes) <= known.keys()


@pytest.mark.parametrize("name", ["docs/cost.md", "docs/en/cost.md"])
def test_the_price_of_a_thousand_answers_is_the_sum_of_its_parts(name: str) -> None:
    table = (ROOT / name).read_text("utf-8").partition("\n## ")[2].partition("\n\n|")[2].partition("\n\n")[0]
    *parts, total = [float(price) for price in re.findall(r"\$([0-9.]+)\**\s*\|$", table, re.MULTILINE)]

    assert len(parts) == 8
    assert sum(parts) == pytest.approx(total, abs=0.00005)
    (seconds, gigabyte_seconds) = re.findall(r"= ([0-9.]+)", table)[:2]
    assert float(gigabyte_seconds) == pytest.approx(float(seconds) * 0.5)
    assert parts[0] == pytest.approx(float(gigabyte_seconds) * 1000 * 0.0000133334, abs=0.00005)


@pytest.mark.parametrize("name", ["docs/cost.md", "docs/en/cost.md"])
def test_the_price_of_a_month_is_the_sum_of_its_parts_and_counts_every_alarm(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    table = text.split("\n## ")[2].partition("\n\n|")[2].partition("\n\n")[0]
    rows = [[float(price) for price in re.findall(r"\$([0-9.]+)", line)] for line in table.splitlines()[2:]]
    *parts, total, with_free_tiers = [row[-3:] for row in rows]
    alarms = Stack().of_type("AWS::CloudWatch::Alarm")

    assert len(parts) == 5
    assert [sum(column) for column in zip(*parts, strict=True)] == pytest.approx(total)
    assert f"$0.10 × {len(alarms)} |" in table
    free = 0.10 * (len(alarms) - 10)
    assert with_free_tiers == pytest.approx([free, free + 0.04, free + 7.23])


@pytest.mark.parametrize("name", ["docs/articles.md", "docs/en/articles.md"])
def test_every_warning_of_an_article_is_explained(name: str) -> None:
    source = "".join(path.read_text("utf-8") for path in (ROOT / "functions/mcp/wechat_mcp").rglob("*.py"))
    given = set(re.findall(r"""(?:warnings\.add\(\s*|"code": )"([a-z]+_[a-z_]+)\"""", source))
    given |= {"title_long", "digest_long", "author_long"}  # their names are put together

    (table,) = re.findall(
        r"\n\| `code` \| (?:意思|meaning) \|.*?\n\n", (ROOT / name).read_text("utf-8"), re.DOTALL
    )

    assert len(given) > 15
    assert set(re.findall(r"`([a-z]+_[a-z_]+)`", table)) == given
