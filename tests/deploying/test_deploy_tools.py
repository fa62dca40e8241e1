"""The tools, the credentials and the file that a deployment needs, and what is said when one is missing."""

from __future__ import annotations

import asyncio
import io
import os
import stat
import sys
from pathlib import Path

import pytest

from deploy.__main__ import main
from deploy.aws import Aws
from deploy.console import Console
from deploy.context import make_context
from deploy.errors import DeployError
from deploy.owner_file import OwnerFile
from deploy.sam import find_sam
from tests.support.deploying import OPENAI_KEY, Owner

# ---- Tools -----------------------------------------------------------------------------------------------


def executable(path: Path, status: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexit {status}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(owner: Owner, tmp_path: Path) -> dict[str, str]:
    """An environment with a SAM and nothing to build with."""
    (tmp_path / "empty").mkdir()
    return {**owner.environment, "PATH": str(tmp_path / "empty")}


def found(owner: Owner, environment: dict[str, str], **options: bool) -> str:
    """What SAM builds with: the path of a Python, or "" for Docker."""
    return find_sam(owner.folder, environment, Console(io.StringIO()), **options).python


def test_python_is_found_on_path_then_under_pyenv_then_docker_does_it(
    owner: Owner, bare: dict[str, str], tmp_path: Path
) -> None:
    docker = executable(tmp_path / "empty/docker")
    assert found(owner, bare) == ""
    under_pyenv = executable(tmp_path / ".pyenv/versions/3.13.7/bin/python3.13")
    assert found(owner, bare) == str(under_pyenv)
    on_path = executable(docker.parent / "python3.13")
    assert found(owner, bare) == str(on_path)
    assert found(owner, bare, container=True) == ""


@pytest.mark.parametrize("docker", ["absent", "not running"])
def test_without_anything_to_build_with_the_ways_to_get_it_are_named(
    owner: Owner, bare: dict[str, str], tmp_path: Path, docker: str
) -> None:
    if docker == "not running":
        executable(tmp_path / "empty/docker", status=1)
    with pytest.raises(DeployError, match=r"brew install python@3\.13"):
        found(owner, bare)


def test_without_sam_the_way_to_get_it_is_named(owner: Owner) -> None:
    with pytest.raises(DeployError, match=r"make \.venv-sam/ready"):
        found(owner, {**owner.environment, "SAM": str(owner.folder / "nothing")})


def test_a_container_is_built_in_by_sams_own_option(owner: Owner) -> None:
    executable(owner.folder / "tools/docker")
    sam = find_sam(owner.folder, owner.environment, Console(io.StringIO()), container=True)
    sam.build()

    arguments = owner.sam.calls[0]["arguments"]
    assert arguments[0] == "build"
    assert "--use-container" in arguments
    assert "PIP_NO_DEPS=1" in arguments[arguments.index("--container-env-var") :]


@pytest.mark.parametrize(
    ("chosen", "built", "machine"),
    [
        ("", "arm64", "aarch64"),
        ("ARM64", "arm64", "aarch64"),
        ("x86_64", "x86_64", "x86_64"),
    ],
)
def test_it_is_built_for_the_processor_that_it_will_run_on(
    owner: Owner, chosen: str, built: str, machine: str
) -> None:
    find_sam(owner.folder, {**owner.environment, "ARCHITECTURE": chosen}, Console(io.StringIO())).build()

    call = owner.sam.calls[0]
    assert call["arguments"] == ["build", "--parameter-overrides", f"Architecture={built}"]
    platforms = call["environment"]["PIP_PLATFORM"].split()
    assert f"manylinux_2_24_{machine}" in platforms
    assert all(platform.endswith(machine) for platform in platforms)
    assert call["environment"]["PIP_NO_DEPS"] == "1"


def test_another_processor_is_refused(owner: Owner) -> None:
    with pytest.raises(DeployError, match="ARCHITECTURE"):
        find_sam(owner.folder, {**owner.environment, "ARCHITECTURE": "mips"}, Console(io.StringIO()))


def test_the_tools_are_handed_no_secret(owner: Owner) -> None:
    environment = {**owner.environment, "OPENAI_API_KEY": OPENAI_KEY, "WECHAT_TOKEN": "thetoken"}
    find_sam(owner.folder, environment, Console(io.StringIO())).build()

    handed = owner.sam.calls[0]["environment"]
    assert handed["AWS_ACCESS_KEY_ID"] == "testing"
    assert not {OPENAI_KEY, "thetoken"} & set(handed.values())


def test_lines_of_the_file_that_are_empty_are_not_handed_to_the_tools(owner: Owner) -> None:
    """SAM would look for a profile without a name, and stop at "The config profile () could not be found"."""
    find_sam(owner.folder, {**owner.environment, "AWS_PROFILE": ""}, Console(io.StringIO())).build()

    assert "AWS_PROFILE" not in owner.sam.calls[0]["environment"]


# ---- Credentials -----------------------------------------------------------------------------------------


def test_whose_credentials_these_are_is_asked_of_aws(owner: Owner) -> None:
    assert Aws(owner.environment, owner.endpoint).identity().account == "123456789012"


def test_a_profile_that_does_not_exist_is_named(owner: Owner) -> None:
    with pytest.raises(DeployError, match="没有叫 nobody 的 AWS 配置"):
        Aws({**owner.environment, "AWS_PROFILE": "nobody"})


def test_the_region_before_the_command_comes_before_the_other_one(owner: Owner) -> None:
    environment = {**owner.environment, "AWS_DEFAULT_REGION": "eu-west-1", "AWS_REGION": "ap-east-1"}
    assert Aws(environment).region == "ap-east-1"
    del environment["AWS_REGION"]
    assert Aws(environment).region == "eu-west-1"


async def test_without_credentials_and_without_a_region_the_command_says_how_to_get_them(
    tmp_path: Path,
) -> None:
    async def command(**more: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy", "--env-file", str(tmp_path / ".env"), "status"),
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "HOME": str(tmp_path),
                "AWS_EC2_METADATA_DISABLED": "true",
                **more,
            },
            stderr=asyncio.subprocess.PIPE,
        )
        _, errors = await asyncio.wait_for(process.communicate(), 60)
        return process.returncode or 0, errors.decode()

    status, said = await command()
    assert status == 2
    assert "AWS_REGION=" in said
    status, said = await command(AWS_REGION="us-east-1")
    assert status == 2
    assert "aws configure sso" in said
    assert "Traceback" not in said


# ---- The owner's file ------------------------------------------------------------------------------------


def test_values_are_written_into_their_lines_and_everything_else_stays(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# 账号\nWECHAT_TOKEN=\nOPENAI_PROMPT='多行\n提示'\nexport OTHER=1")
    file = OwnerFile(path)
    file.set({"WECHAT_TOKEN": "abc123", "MCP_AUTH_TOKENS": "a:read:x,b:write:y"})

    assert path.read_text().startswith(
        "# 账号\nWECHAT_TOKEN=abc123\nOPENAI_PROMPT='多行\n提示'\nexport OTHER=1\n"
    )
    assert file.values()["MCP_AUTH_TOKENS"] == "a:read:x,b:write:y"
    assert file.values()["OPENAI_PROMPT"] == "多行\n提示"


def test_a_file_that_is_made_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    OwnerFile(path).set({"WECHAT_TOKEN": "abc123"})

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_values_no_file_is_made(tmp_path: Path) -> None:
    OwnerFile(tmp_path / ".env").set({})

    assert not (tmp_path / ".env").exists()


def test_a_file_that_is_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("A=1\n")
    (tmp_path / ".env").symlink_to("real")
    file = OwnerFile(tmp_path / ".env")
    file.set({"A": "2"})
    file.unset("A")
    file.unset("NOT_THERE")

    assert (tmp_path / ".env").is_symlink()
    assert file.values() == {}


# ---- The command -----------------------------------------------------------------------------------------


def test_what_stops_a_command_is_said_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--stack", "9 lives", "--env-file", str(tmp_path / "none"), "status"]) == 2
    assert "STACK 要是字母开头" in capsys.readouterr().err


def test_the_stack_is_named_by_the_option_then_by_the_owners_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("STACK=from-the-file\n")
    console = Console(io.StringIO())

    assert make_context("", tmp_path / ".env", console).stack_name == "from-the-file"
    assert make_context("named", tmp_path / ".env", console).stack_name == "named"
    assert make_context("", tmp_path / "none", console).stack_name == "wechat-oa"


def test_every_command_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    for command in ("up", "build", "check", "status", "logs", "rotate", "destroy"):
        assert f"    {command} " in said
