"""What the conformance suite asks a server to have, served with the options of ours.

``python -m tests.conformance.fixture PORT``. The names and texts are the suite's.
"""

from __future__ import annotations

import base64
import json
import sys
from collections import Counter
from typing import Any, ClassVar

import uvicorn
from fastmcp import FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.prompts import Message
from fastmcp.server.context import Context
from fastmcp.tools.base import Tool, ToolResult
from mcp_types import (
    AudioContent,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    TextContent,
    TextResourceContents,
)
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.conformance import asking
from tests.support.mcp import base64_of, picture
from wechat_mcp.app import http_application
from wechat_mcp.guard import BodyCap
from wechat_mcp.server import SERVER_OPTIONS

PNG = picture("PNG", (1, 1))
WAV = b"RIFF" + (36).to_bytes(4, "little") + b"WAVEfmt " + bytes(28)

server: FastMCP = FastMCP("conformance-fixture", **SERVER_OPTIONS)
asking.add_to(server)


def image() -> ImageContent:
    return ImageContent(type="image", data=base64_of(PNG), mime_type="image/png")


def embedded(uri: str, text: str, kind: str = "text/plain") -> EmbeddedResource:
    return EmbeddedResource(
        type="resource", resource=TextResourceContents(uri=uri, mime_type=kind, text=text)
    )


# ---- Tools -----------------------------------------------------------------------------------------------


@server.tool
def test_simple_text() -> str:
    """Answer with a text."""
    return "This is a simple text response for testing."


@server.tool
def test_image_content() -> ImageContent:
    """Answer with a picture."""
    return image()


@server.tool
def test_audio_content() -> AudioContent:
    """Answer with a sound."""
    return AudioContent(type="audio", data=base64.b64encode(WAV).decode(), mime_type="audio/wav")


@server.tool
def test_embedded_resource() -> EmbeddedResource:
    """Answer with a resource."""
    return embedded("test://embedded-resource", "This is an embedded resource content.")


@server.tool
def test_multiple_content_types() -> list[ContentBlock]:
    """Answer with several things."""
    return [
        TextContent(type="text", text="Multiple content types test:"),
        image(),
        embedded("test://mixed-content-resource", '{"test":"data","value":123}', "application/json"),
    ]


@server.tool
def test_error_handling() -> str:
    """Fail."""
    raise ToolError("This tool intentionally returns an error for testing")


@server.tool
async def test_tool_with_logging(context: Context) -> str:
    """Say things on the way."""
    for words in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await context.info(words)
    return "done"


@server.tool
async def test_tool_with_progress(context: Context) -> str:
    """Tell how far it is."""
    for progress in (0, 50, 100):
        await context.report_progress(progress, 100)
    return "done"


@server.tool
async def test_elicitation(message: str, context: Context) -> str:
    """Ask the client's user."""
    return f"User response: {await context.elicit(message, response_type=str)}"


class _Schema(Tool):
    """A tool whose schema is written out, with what JSON Schema 2020-12 has."""

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        return ToolResult(content=json.dumps(arguments))


server.add_tool(
    _Schema(
        name="json_schema_2020_12_tool",
        description="Tool with JSON Schema 2020-12 features",
        parameters={
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "$defs": {
                "address": {
                    "$anchor": "addressDef",
                    "type": "object",
                    "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
                }
            },
            "properties": {
                "name": {"type": "string"},
                "address": {"$ref": "#/$defs/address"},
                "contactMethod": {"type": "string", "enum": ["phone", "email"]},
                "phone": {"type": "string"},
                "email": {"type": "string"},
            },
            "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
            "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
            "then": {"required": ["phone"]},
            "else": {"required": ["email"]},
            "additionalProperties": False,
        },
    )
)


# ---- Resources and prompts -------------------------------------------------------------------------------


@server.resource("test://static-text", mime_type="text/plain")
def static_text() -> str:
    """A text."""
    return "This is the content of the static text resource."


@server.resource("test://static-binary", mime_type="image/png")
def static_binary() -> bytes:
    """A picture."""
    return PNG


@server.resource("test://template/{id}/data", mime_type="application/json")
def template(id: str) -> str:
    """Something by its id."""
    return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})


@server.prompt
def test_simple_prompt() -> str:
    """A prompt."""
    return "This is a simple prompt for testing."


@server.prompt
def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
    """A prompt with arguments."""
    return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"


@server.prompt
def test_prompt_with_embedded_resource(resourceUri: str) -> list[Message]:  # noqa: N803  (the suite's name)
    """A prompt with a resource."""
    content = embedded(resourceUri, "Embedded resource content for testing.")
    return [Message(content), Message("Please process the embedded resource above.")]


@server.prompt
def test_prompt_with_image() -> list[Message]:
    """A prompt with a picture."""
    return [Message(image()), Message("Please analyze the image above.")]


# ---- What the suite does ---------------------------------------------------------------------------------


class Spoken:
    """Counts the requests for each version of the protocol."""

    versions: ClassVar[Counter[str]] = Counter()

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            version = dict(scope["headers"]).get(b"mcp-protocol-version", b"")
            self.versions[version.decode("latin-1")] += scope["path"] == "/mcp"
        await self._app(scope, receive, send)


@server.custom_route("/spoken", methods=["POST"])
async def spoken(_request: Request) -> Response:
    """Answer with the counts since the last time."""
    counted = {version: count for version, count in Spoken.versions.items() if version and count}
    Spoken.versions.clear()
    return JSONResponse(counted)


if __name__ == "__main__":
    app = http_application(server, middleware=[Middleware(Spoken), Middleware(BodyCap)])
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
