# make run      everything on this machine, http://127.0.0.1:3004
# make test     the tests that need nothing but Python
# make check    style, types, template, security
PYTHON ?= python3
VENV   := .venv
SAM    := .venv-sam
BIN    := $(VENV)/bin
PIP    := -m pip install --quiet --disable-pip-version-check
# The layer and the functions are built for Python 3.13, which must be on PATH then.
BUILD_PATH := $(shell ls -d $${PYENV_ROOT:-$$HOME/.pyenv}/versions/3.13*/bin 2>/dev/null | head -n 1):$(PATH)
export SAM_CLI_TELEMETRY := 0

.PHONY: run test test-browser conformance check format bench build sam-local-test clean

run: $(VENV)/ready
	@$(BIN)/python -m local

test: $(VENV)/ready
	$(BIN)/python -m pytest

test-browser: $(VENV)/ready
	$(BIN)/python -m pytest -m browser -n 2 --dist loadfile

# The official suite of the MCP project, in both eras of the protocol.
conformance: $(VENV)/ready
	$(BIN)/python -m tests.conformance.run

check: $(VENV)/ready $(SAM)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml layers functions local
	$(SAM)/bin/sam validate --lint --region us-east-1

format: $(VENV)/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/ready
	$(BIN)/python -m bench

# Every library that is deployed is pinned by name, in the layer or in the function: pip shall look for no more
# (PIP_NO_DEPS), or each function would carry the layer's libraries once again, in whatever release is newest.
# SAM ships sources only, and on Lambda nothing can be cached: compiled here, the worker starts in about
# half the time. The hash is not checked, since the files cannot change any more.
build: $(SAM)/ready
	PIP_NO_DEPS=1 PATH=$(BUILD_PATH) $(SAM)/bin/sam build
	PATH=$(BUILD_PATH) python3.13 -m compileall -q --invalidation-mode unchecked-hash .aws-sam/build

sam-local-test: $(VENV)/ready $(SAM)/ready
	PATH=$(BUILD_PATH) SAM=$(CURDIR)/$(SAM)/bin/sam PYTHONPATH=.:layers/common $(BIN)/python -m tests.sam_local.run

$(VENV)/ready: requirements-dev.txt layers/common/requirements.txt $(wildcard functions/*/requirements.txt)
	@echo "正在准备 Python 环境，第一次大约一分钟……"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "需要 Python 3.11 或更新的版本：make PYTHON=python3.12 run")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python $(PIP) -r requirements-dev.txt
	@touch $@

$(SAM)/ready: requirements-sam.txt
	@test -x $(SAM)/bin/python || $(PYTHON) -m venv $(SAM)
	@$(SAM)/bin/python $(PIP) -r requirements-sam.txt
	@touch $@

clean:
	rm -rf $(VENV) $(SAM) .aws-sam .cache .pytest_cache .mypy_cache .ruff_cache
