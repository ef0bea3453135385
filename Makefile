# Needs Python 3.11 or newer and make; the tests on a real broker also need Java 17 and Maven, or a Docker engine.

PYTHON ?= $(shell for p in python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet
CREATED := $(VENV)/.created
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
COMPILE = $(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help venv dev demo test faults lint format lock bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: $(RUNTIME) ## create .venv with what the program needs to run

dev: $(DEV) ## the same, and what its tests and checks need

demo: $(RUNTIME) ## play the demo on the embedded broker (ARGS="--json" for one JSON object a line)
	$(BIN)/groundswell demo $(ARGS)

test: $(DEV) ## run all tests (KAFKA=no leaves the real broker out)
	$(BIN)/pytest -n auto --dist loadfile -m "not kafka" $(ARGS)
ifneq ($(KAFKA),no)
	$(BIN)/pytest -m kafka $(ARGS)
endif

faults: $(DEV) ## kill and stop everything on a real Kafka, half an hour (ARGS="--no-soak" takes ten minutes)
	GROUNDSWELL_REQUIRE_KAFKA=1 $(BIN)/python -m tests.faults $(ARGS)

lint: $(DEV) ## ruff, mypy, import-linter
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV) ## let ruff format and fix
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: $(DEV) ## write the lock files again (ARGS="--upgrade" takes newer versions)
	$(COMPILE) pyproject.toml --extra build $(ARGS) --output-file requirements.lock
	$(COMPILE) pyproject.toml --extra build --extra dev --constraint requirements.lock $(ARGS) \
		--output-file requirements-dev.lock
	$(COMPILE) tests/bench/requirements.in $(ARGS) --output-file requirements-bench.lock

bench: $(DEV) ## run the benchmarks
	$(BIN)/python -m tests.bench $(ARGS)

clean: ## remove everything that was made here
	rm -rf $(VENV) .kafka .bench build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(CREATED):
	@test -n "$(PYTHON)" || { echo "Groundswell needs Python 3.11 or newer: found neither as python3.11 nor as python3." \
		"Install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Groundswell needs Python 3.11 or newer;" \
		"$(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(RUNTIME): requirements.lock pyproject.toml $(CREATED)
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements-dev.lock $(RUNTIME)
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@
