"""What cannot be undone is asked about, in both eras of the protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastmcp.client.elicitation import ElicitResult

from tests.support.mcp import Owner, base64_of, make_owner, picture, text

SUBMIT = "/cgi-bin/freepublish/submit"


@pytest.fixture
def owner(tmp_path: Path) -> Owner:
    return make_owner(tmp_path)


async def _draft(owner: Owner) -> str:
    cover = await owner.data("wechat_permanent_media", action="add", file_data=base64_of(picture()))
    article = {"title": "标题", "content": "内容", "thumb_media_id": cover["media_id"]}
    return str((await owner.data("wechat_draft", article=article))["media_id"])


@pytest.mark.parametrize("mode", ["handshake", "auto"])
@pytest.mark.parametrize("answer", ["yes", "no", "decline"])
async def test_a_client_that_can_be_asked_is_asked(owner: Owner, mode: str, answer: str) -> None:
    media_id = await _draft(owner)
    asked: list[str] = []

    async def person(message: str, _type: Any, params: Any, _context: Any) -> Any:
        asked.append(message)
        if answer == "decline":
            return ElicitResult(action="decline")
        (name,) = params.requested_schema["properties"]
        return ElicitResult(action="accept", content={name: answer == "yes"})

    async with owner.client(elicitation_handler=person, **_era(mode)) as client:
        result = await client.call_tool("wechat_publish", {"media_id": media_id}, raise_on_error=False)

    assert len(asked) == 1
    assert media_id in asked[0]
    assert not result.is_error
    assert (SUBMIT in owner.asked()) is (answer == "yes"), text(result)
    if answer != "yes":
        assert result.structured_content is not None
        assert result.structured_content["confirmed"] is False


@pytest.mark.parametrize("mode", ["handshake", "auto"])
async def test_a_client_that_cannot_be_asked_is_told_how_to_confirm(owner: Owner, mode: str) -> None:
    media_id = await _draft(owner)

    async with owner.client(**_era(mode)) as client:
        result = await client.call_tool("wechat_publish", {"media_id": media_id})

    assert "confirm=true" in text(result)
    assert SUBMIT not in owner.asked()


async def test_who_has_confirmed_is_not_asked_again(owner: Owner) -> None:
    media_id = await _draft(owner)

    async def person(*_: Any) -> Any:
        raise AssertionError("nobody is to be asked")

    async with owner.client(elicitation_handler=person) as client:
        await client.call_tool("wechat_publish", {"media_id": media_id, "confirm": True})

    assert SUBMIT in owner.asked()


def _era(mode: str) -> dict[str, Any]:
    return {} if mode == "auto" else {"mode": "legacy"}
