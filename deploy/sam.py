"""The SAM CLI, which builds and deploys; and the Python, or the Docker, that it builds with."""

from __future__ import annotations

import os
import shutil
import subprocess  # nosec B404
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from deploy.china import for_china
from deploy.console import Console
from deploy.errors import DeployError
from deploy.parameters import owner_value, parameter_file
from deploy.template import load_source, read_template

PYTHON = "python3.13"
"""What the functions run on, and their libraries must be built for."""
_BUILD = Path(".aws-sam/build")
_NO_SAM = (
    "没有 SAM CLI：make deploy 会自己装好；单独运行 python -m deploy 时先 make .venv-sam/ready"
    " · The SAM CLI is missing: run make .venv-sam/ready"
)
_NO_PYTHON = (
    f"构建要用 {PYTHON}，这台机器上没有（PATH 和 pyenv 里都找过）。选一种办法：\n"
    "  · macOS：brew install python@3.13\n"
    f"  · Ubuntu：sudo apt install {PYTHON}　Fedora：sudo dnf install {PYTHON}\n"
    "  · pyenv install 3.13\n"
    "  · 启动 Docker，再运行一次：在容器里构建\n"
    f"Building needs {PYTHON}, on PATH or under pyenv, or a running Docker."
)

_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}

Run = Callable[[Sequence[str], Path, Mapping[str, str]], int]
"""Runs a command in a folder with an environment, shows what it prints, and returns its exit status."""


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> int:
    """Run a command; what it prints goes where this program's output goes."""
    # A list, which no shell takes apart, and its first is a tool that find_sam has found.
    return subprocess.run(command, cwd=folder, env=dict(environment), check=False).returncode  # noqa: S603  # nosec B603


@dataclass(frozen=True)
class Sam:
    """The SAM CLI, and what it is run with."""

    executable: str
    root: Path
    environment: Mapping[str, str]
    python: str
    """Where Python 3.13 is; empty: it is built in a container."""
    architecture: str
    """The processor that is built for: arm64 or x86_64."""
    run: Run = run

    def build(self) -> None:
        """Build the layer and the functions. Raises DeployError."""
        command = [self.executable, "build", "--parameter-overrides", f"Architecture={self.architecture}"]
        pip = pip_options(self.architecture)
        if not self.python:
            command.append("--use-container")
            for name, value in pip.items():
                command += ["--container-env-var", f"{name}={value}"]
        if self._run(command, pip):
            raise DeployError("构建没有成功，原因在上面 · The build did not succeed; the reason is above")
        if self.python:
            # SAM ships sources only, and on Lambda nothing can be cached: compiled here, the worker starts in
            # about half the time. The hash is not checked, since the files cannot change any more.
            compiling = [self.python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
            if self._run([*compiling, str(_BUILD)]):
                raise DeployError(
                    "预编译没有成功，原因在上面 · Compiling did not succeed; the reason is above"
                )

    def deploy(self, stack: str, region: str, profile: str, parameters: Mapping[str, str]) -> None:
        """Deploy what was built, and return when the stack is complete. Raises DeployError."""
        if region.startswith("cn-"):
            built = self.root / _BUILD / "template.yaml"
            template = for_china(load_source(built.read_text("utf-8")))
            built.write_text(yaml.safe_dump(template, allow_unicode=True, sort_keys=False), "utf-8")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "parameters.yaml")
            path.write_text(parameter_file(parameters), "utf-8")
            command = [self.executable, "deploy", "--stack-name", stack, "--region", region]
            command += ["--profile", profile] if profile else []
            command += ["--parameter-overrides", path.as_uri()]
            if self._run(command):
                raise DeployError(
                    "部署没有成功：看上面第一个 FAILED 的原因；改好再运行一次就接着来\n"
                    "It did not succeed: the first FAILED above says why; fix that and run it again."
                )

    def _run(self, command: Sequence[str], more: Mapping[str, str] | None = None) -> int:
        path = os.pathsep.join(
            filter(
                None, (str(Path(self.python).parent) if self.python else "", self.environment.get("PATH", ""))
            )
        )
        return self.run(
            command, self.root, {**self.environment, **(more or {}), "PATH": path, "SAM_CLI_TELEMETRY": "0"}
        )


def pip_options(architecture: str) -> dict[str, str]:
    """Return what pip is told, by its environment, while SAM builds for an architecture of Lambda's.

    Every library that is deployed is pinned by name, in the layer or in the function: pip shall look for no
    more, or each function would carry the layer's libraries once again, in whatever release is newest. And
    SAM asks for wheels of glibc 2.17, 2.28 and 2.34 alone, where the runtime runs what lies between as well.
    """
    machine = _MACHINES[architecture]
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(34, 16, -1)]
    return {"PIP_NO_DEPS": "1", "PIP_PLATFORM": " ".join([*platforms, f"manylinux2014_{machine}"])}


def find_sam(root: Path, environment: Mapping[str, str], console: Console, *, container: bool = False) -> Sam:
    """Return the SAM CLI of the project (or the one that SAM names), with what it builds with.

    ``container`` builds in Docker even where Python 3.13 is there. Raises DeployError for what is missing.
    """
    # What the tools need is their own and AWS's variables: no secret is handed to them. Nor is what is empty,
    # as most lines of .env are: they would look for a profile with no name.
    template = read_template(root / "template.yaml")
    environment = {n: value for n, value in environment.items() if value and n not in template.secrets}
    architecture = owner_value(template.parameters["Architecture"], environment)
    named = environment.get("SAM", "")
    executable = shutil.which(named or str(root / ".venv-sam/bin/sam"))
    if executable is None:
        raise DeployError(_NO_SAM)
    python = "" if container else _find_python(environment)
    if not python and not _docker_answers(environment):
        raise DeployError(_NO_PYTHON)
    console.result("ok", "SAM CLI", executable)
    console.result("ok", "构建 · Build", python or "Docker（--use-container）")
    return Sam(executable, root, environment, python, architecture)


def _find_python(environment: Mapping[str, str]) -> str:
    on_path = shutil.which(PYTHON, path=environment.get("PATH", ""))
    pyenv = Path(environment.get("PYENV_ROOT") or Path(environment.get("HOME", "/"), ".pyenv"))
    installed = sorted(pyenv.glob(f"versions/3.13*/bin/{PYTHON}"), reverse=True)
    candidates = [on_path] if on_path else []
    candidates += [str(path) for path in installed if os.access(path, os.X_OK)]
    # pyenv puts a shim on PATH for every release it has, which only works for the one that is switched on.
    return next((path for path in candidates if _answers([path, "--version"], environment)), "")


def _docker_answers(environment: Mapping[str, str]) -> bool:
    docker = shutil.which("docker", path=environment.get("PATH", ""))
    return docker is not None and _answers([docker, "info"], environment)


def _answers(command: Sequence[str], environment: Mapping[str, str]) -> bool:
    try:
        asked = subprocess.run(  # noqa: S603  # nosec B603 (a list, and a tool found on PATH)
            command, env=dict(environment), capture_output=True, check=False, timeout=15
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0
