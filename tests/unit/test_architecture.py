"""What may import what, and what the callback may not carry into a cold start."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYER = ROOT / "layers" / "common" / "wechat_oa"
TOO_HEAVY = {
    "aiohttp",
    "aws_lambda_powertools",
    "boto3.resources",
    "boto3.dynamodb",
    "fastapi",
    "fastmcp",
    "httpx",
    "httpx2",
    "openai",
    "pydantic",
    "requests",
    "starlette",
}


def _imports(path: Path) -> set[str]:
    """The modules that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(LAYER.parent).parent.parts if LAYER in path.parents else ()
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            found.add(".".join(part for part in (base, node.module or "") if part))
    return found


def _below(imported: str, package: str) -> bool:
    return imported == package or imported.startswith(f"{package}.")


FUNCTIONS = sorted((ROOT / "functions").rglob("*.py"))
FUNCTION_PACKAGES = sorted({path.relative_to(ROOT / "functions").parts[1] for path in FUNCTIONS})
LAYER_FILES = sorted(LAYER.rglob("*.py"))


@pytest.mark.parametrize("path", LAYER_FILES, ids=lambda path: path.stem)
def test_the_layer_knows_nothing_of_what_stands_on_it(path: Path) -> None:
    for imported in _imports(path):
        assert not any(_below(imported, above) for above in (*FUNCTION_PACKAGES, "local", "tests"))
        if path.parent.name in ("callback", "api", "ai"):
            assert not _below(imported, "wechat_oa.store"), "the store is handed in"
        if path.parent.name == "store":
            assert not any(_below(imported, f"wechat_oa.{name}") for name in ("callback", "api", "ai"))


@pytest.mark.parametrize("path", FUNCTIONS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_functions_know_nothing_of_the_local_server_nor_of_each_other(path: Path) -> None:
    own = path.relative_to(ROOT / "functions").parts[1]
    others = [package for package in FUNCTION_PACKAGES if package != own]
    assert not any(
        _below(imported, above) for imported in _imports(path) for above in ("local", "tests", *others)
    )


def test_every_function_is_looked_at() -> None:
    assert {"chat_app", "wechat_reply"} <= set(FUNCTION_PACKAGES)


def test_only_the_handlers_read_the_environment() -> None:
    readers = {
        path.name
        for path in [*LAYER_FILES, *FUNCTIONS]
        if any(word in path.read_text("utf-8") for word in ("environ", "getenv"))
        and any("os.environ" in line for line in path.read_text("utf-8").splitlines() if '"""' not in line)
    }
    assert readers <= {"callback.py", "worker.py", "handler.py", "main.py", "settings.py"}


def _loaded(module: str, function: str, **environment: str) -> set[str]:
    """The modules that a function has imported when it has started, garbage being collected again by then."""
    whole = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT / 'layers/common'}:{ROOT / 'functions' / function}",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1",
        "WECHAT_OA_TABLE": "table",
        **environment,
    }
    collects = "assert gc.isenabled() and gc.get_freeze_count()"
    code = f"import gc, sys, {module}; {collects}; print('\\n'.join(sys.modules))"
    ran = subprocess.run(  # noqa: S603  (our own interpreter on our own code)
        [sys.executable, "-c", code], env=whole, capture_output=True, text=True, check=True
    )
    return set(ran.stdout.split())


def test_the_callback_imports_nothing_heavy() -> None:
    modules = _loaded(
        "wechat_reply.callback",
        "wechat_reply",
        WECHAT_TOKEN="testtoken",
        WECHAT_OA_QUEUE_URL="https://sqs.us-east-1.amazonaws.com/1/q.fifo",
    )

    assert {module for module in modules if any(_below(module, heavy) for heavy in TOO_HEAVY)} == set()


def test_the_mcp_server_imports_what_makes_articles_and_pictures_only_when_it_makes_one() -> None:
    modules = _loaded("wechat_mcp.handler", "mcp", MCP_AUTH_TOKENS="a-token-of-the-owners-0123456789")

    assert "wechat_mcp.tools.registry" in modules
    assert {
        "PIL",
        "css_inline",
        "markdown_it",
        "nh3",
        "openai",
        "tinycss2",
        "yaml",
        "ziamath",
    } & modules == set()
