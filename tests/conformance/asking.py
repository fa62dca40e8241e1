"""The suite's tools that ask by answering with a question (2026-07-28)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastmcp import FastMCP
from fastmcp.server.context import Context
from mcp.shared.exceptions import MCPError
from mcp_types import (
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    InputRequiredResult,
    ListRootsRequest,
    SamplingMessage,
    TextContent,
)

Asked = str | InputRequiredResult


def form(message: str, **properties: str) -> ElicitRequest:
    """A question to the client's user."""
    schema = {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in properties.items()},
        "required": list(properties),
    }
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def sample(words: str, most: int = 100) -> CreateMessageRequest:
    """A question to the client's model."""
    message = SamplingMessage(role="user", content=TextContent(type="text", text=words))
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=[message], max_tokens=most))


def ask(requests: Mapping[str, Any], state: str | None = None) -> InputRequiredResult:
    """What is answered in place of a result."""
    return InputRequiredResult(input_requests=dict(requests), request_state=state)


def add_to(server: FastMCP) -> None:
    """Add the tools and the prompt."""

    def once(name: str, requests: Mapping[str, Any], state: str | None = None) -> None:
        """A tool that asks once."""

        async def tool(context: Context) -> Asked:
            answers = context.input_responses or {}
            if not set(requests) <= set(answers):
                return ask(requests, state)
            if context.request_state != state:
                raise ValueError("this is not the state that was given out")
            said = {key: answer.model_dump(mode="json", by_alias=True) for key, answer in answers.items()}
            return f"state-ok {said}"

        server.tool(tool, name=name, description=f"Ask once: {', '.join(requests)}")

    name = form("What is your name?", name="string")
    once("test_input_required_result_elicitation", {"user_name": name})
    once(
        "test_input_required_result_sampling", {"capital_question": sample("What is the capital of France?")}
    )
    once("test_input_required_result_list_roots", {"client_roots": ListRootsRequest()})
    confirm = {"confirm": form("Please confirm", ok="boolean")}
    once("test_input_required_result_request_state", confirm, "waiting for a word")
    once("test_input_required_result_tampered_state", confirm, "waiting for a word")
    several = {
        "user_name": name,
        "greeting": sample("Generate a greeting", 50),
        "client_roots": ListRootsRequest(),
    }
    once("test_input_required_result_multiple_inputs", several, "several")

    @server.tool
    async def test_input_required_result_multi_round(context: Context) -> Asked:
        """Ask twice."""
        answers = context.input_responses or {}
        if context.request_state == "second" and "step2" in answers:
            return "Both rounds are done."
        if context.request_state == "first" and "step1" in answers:
            return ask({"step2": form("Step 2: What is your favorite color?", color="string")}, "second")
        return ask({"step1": form("Step 1: What is your name?", name="string")}, "first")

    @server.tool
    async def test_input_required_result_capabilities(context: Context) -> Asked:
        """Ask only what the client says it can answer."""
        if context.input_responses:
            return "Thank you."
        can = context.session.client_capabilities
        requests: dict[str, Any] = {}
        if can and can.elicitation is not None:
            requests["user_name"] = name
        if can and can.sampling is not None:
            requests["greeting"] = sample("Generate a greeting")
        return ask(requests) if requests else "There is nobody to ask."

    @server.tool
    async def test_missing_capability(context: Context) -> str:
        """Refuse a client whose model cannot be asked."""
        can = context.session.client_capabilities
        if can is None or can.sampling is None:
            missing: dict[str, Any] = {"requiredCapabilities": {"sampling": {}}}
            raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, "sampling is needed", missing)
        return "It could be asked."

    @server.prompt
    async def test_input_required_result_prompt(context: Context) -> Any:
        """A prompt that asks first."""
        answers = context.input_responses or {}
        if "user_context" not in answers:
            return ask({"user_context": form("What context should the prompt use?", context="string")})
        return f"Use this context: {answers['user_context'].model_dump(mode='json')}"
