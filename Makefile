# make run      everything on this machine, http://127.0.0.1:3004
# make test     the tests that need nothing but Python
# make check    style, types, template, security
# make deploy   all of it on AWS; then self-test, status, logs, rotate, destroy (python -m deploy --help)
PYTHON ?= python3
VENV   := .venv
SAM    := .venv-sam
CHECKOV := .venv-checkov
BIN    := $(VENV)/bin
# What is used is compiled when it is: most of it never is.
PIP    := -m pip install --quiet --disable-pip-version-check --no-compile
# The pip that comes with Python 3.11 takes twice the time of this one.
PIP_VERSION := 26.3
# What sam local builds is for Python 3.13, which must be on PATH then.
BUILD_PATH := $(shell ls -d $${PYENV_ROOT:-$$HOME/.pyenv}/versions/3.13*/bin 2>/dev/null | head -n 1):$(PATH)
export SAM_CLI_TELEMETRY := 0
# Tests start processes by the dozen: without bytecode, each would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-browser conformance check format bench gallery build sam-local-test clean
.PHONY: deploy self-test status logs rotate destroy

run: $(VENV)/ready
	@$(BIN)/python -m local

test: $(VENV)/ready-to-test
	$(BIN)/python -m pytest

test-browser: $(VENV)/ready-to-check
	$(BIN)/python -m pytest -m browser -n 2 --dist loadfile tests/browser

# The official suite of the MCP project, in both eras of the protocol.
conformance: $(VENV)/ready-to-check
	$(BIN)/python -m tests.conformance.run

check: $(VENV)/ready-to-check $(SAM)/ready $(CHECKOV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml layers functions local deploy
	$(SAM)/bin/sam validate --lint --region us-east-1
	$(CHECKOV)/bin/checkov --file template.yaml --framework cloudformation --compact --quiet --skip-download

format: $(VENV)/ready-to-check
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/ready-to-test
	$(BIN)/python -m bench

# The site's page of themes, after a theme has changed.
gallery: $(VENV)/ready
	$(BIN)/python -m scripts.theme_gallery

build: $(VENV)/ready $(SAM)/ready
	@$(BIN)/python -m deploy build

# AWS_PROFILE=… AWS_REGION=… STACK=… choose the AWS account, the region and the stack.
deploy: $(VENV)/ready $(SAM)/ready
	@$(BIN)/python -m deploy up

self-test status destroy: $(VENV)/ready
	@$(BIN)/python -m deploy $(if $(filter self-test,$@),check,$@)

# FUNCTION=callback, worker, chat, mcp, pages, site, token (with a NAT) or httpapi; all if none is named. SINCE=10m
logs: $(VENV)/ready
	@$(BIN)/python -m deploy logs $(FUNCTION) --since $(or $(SINCE),10m) --follow

# WHAT=mcp or aes-key; both if none is named.
rotate: $(VENV)/ready
	@$(BIN)/python -m deploy rotate $(WHAT)

sam-local-test: $(VENV)/ready-to-check $(SAM)/ready
	PATH=$(BUILD_PATH) SAM=$(CURDIR)/$(SAM)/bin/sam PYTHONPATH=.:layers/common $(BIN)/python -m tests.sam_local.run

# One environment that grows: what runs here and deploys, what tests need beside that, what checks need beside both.
RUNS := local/requirements.txt layers/common/requirements.txt $(wildcard functions/*/requirements.txt)

$(VENV)/ready: $(RUNS)
	@echo "正在准备 Python 环境，第一次大约半分钟……"
	$(call install,local/requirements.txt)

$(VENV)/ready-to-test: requirements-dev.txt $(RUNS)
	@echo "正在准备测试用的 Python 环境，第一次大约一分钟……"
	$(call install,requirements-dev.txt)
	@touch $(VENV)/ready

$(VENV)/ready-to-check: requirements-check.txt requirements-dev.txt $(RUNS)
	@echo "正在准备检查用的 Python 环境，第一次一两分钟……"
	$(call install,requirements-check.txt)
	@touch $(VENV)/ready $(VENV)/ready-to-test

define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "需要 Python 3.11 或更新的版本：make PYTHON=python3.12 run")'
	@test -x $(BIN)/python || { $(PYTHON) -m venv $(VENV) && $(BIN)/python $(PIP) pip==$(PIP_VERSION); }
	@$(BIN)/python $(PIP) -r $(1)
	@touch $@
endef

$(SAM)/ready: requirements-sam.txt
	@test -x $(SAM)/bin/python || $(PYTHON) -m venv $(SAM)
	@$(SAM)/bin/python $(PIP) -r requirements-sam.txt
	@touch $@

$(CHECKOV)/ready: requirements-checkov.txt
	@test -x $(CHECKOV)/bin/python || $(PYTHON) -m venv $(CHECKOV)
	@$(CHECKOV)/bin/python $(PIP) -r requirements-checkov.txt
	@touch $@

clean:
	rm -rf $(VENV) $(SAM) $(CHECKOV) .aws-sam .cache .pytest_cache .mypy_cache .ruff_cache
