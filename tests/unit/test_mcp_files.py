"""The file that a call brings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.mcp import base64_of, make_owner, picture
from wechat_mcp.files import GivenFile, kind
from wechat_mcp.targets import BODY
from wechat_mcp.tooling.results import Refused
from wechat_oa.fetch import FetchError, File


async def test_a_picture_that_fits_is_left_byte_for_byte_and_another_gets_a_name_that_fits(
    tmp_path: Path,
) -> None:
    services = make_owner(tmp_path).services
    png, webp = picture("PNG"), picture("WEBP")

    kept = await GivenFile(file_data=base64_of(png), file_name="a.png").bring(services, BODY)
    made = await GivenFile(file_data=base64_of(webp), file_name="照片.webp").bring(services, BODY)
    plain = await GivenFile(file_data=base64_of(webp), file_name="照片.webp").bring(services)

    assert kept == (File("a.png", png, "image/png"), "")
    assert made.file.filename == "照片.png"
    assert made.changes
    assert plain == (File("照片.webp", webp, "image/webp"), "")


async def test_an_address_that_cannot_be_fetched_is_refused_with_the_reason(tmp_path: Path) -> None:
    async def fetch(url: str, *, max_bytes: int, redirects: int = 5) -> File:
        raise FetchError("对方服务器回答 HTTP 404。")

    services = make_owner(tmp_path, fetch=fetch).services

    with pytest.raises(Refused, match="404"):
        await GivenFile(url="https://a.example/b.png").bring(services)


@pytest.mark.parametrize(
    ("data", "name", "declared", "expected"),
    [
        (b"\xff\xd8\xff\xe0", "a.png", "text/html", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBP", "a", "", "image/webp"),
        (b"\x00\x00\x00\x20ftypisom", "a", "", "video/mp4"),
        (b"#!AMR\n", "a", "", "audio/amr"),
        (b"plain", "a.csv", "", "text/csv"),
        (b"plain", "a", "", "application/octet-stream"),
    ],
)
def test_a_file_is_what_its_first_bytes_say(data: bytes, name: str, declared: str, expected: str) -> None:
    assert kind(data, name, declared) == expected
