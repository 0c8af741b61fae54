# Every target sets itself up: a virtual environment in .venv with the locked dependencies.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.locked

CASES ?= ../shared/conformance

.DEFAULT_GOAL := help
.PHONY: help setup demo test long check conformance iam format bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## Create .venv with the locked dependencies

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Distmap needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Run: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "$(PYTHON) cannot make virtual environments; on Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## Deploy to AWS on localhost, run every use case at demo scale, verify, tear down
	@$(BIN)/distmap demo

test: check ## Lint, types and tests, but for the long ones (under 5 minutes on 2 cores)
	@$(BIN)/pytest -q -n 2 --dist loadgroup -m "not long"

long: setup ## The long tests: whole runs under faults, ten thousand children at once (2 minutes)
	@$(BIN)/pytest -q -n 2 --dist loadgroup -m long

check: setup ## Format, lint and types
	@$(BIN)/ruff format --check --quiet . || { echo "Formatting differs; run: make format" >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary .

format: setup ## Format the code and apply safe lint fixes
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

conformance: setup ## Replay what AWS recorded; CASES is the directory of the cases
	@$(BIN)/python -m tests.conformance $(CASES)

iam: setup ## Take each granted action away in turn and see what fails; writes docs/iam.md
	@$(BIN)/python -m tests.iam --write

bench: setup ## Measure what the README claims, beside a peer where there is one
	@$(BIN)/python -m bench

lock: setup ## Resolve the newest allowed dependencies into requirements.txt, with hashes
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
		--group dev pyproject.toml --output-file requirements.txt

clean: ## Remove what was built, generated or cached; keeps running servers' state safe by stopping them first
	@if [ -x $(BIN)/distmap ]; then $(BIN)/distmap local down || true; fi
	@rm -rf $(VENV) .distmap build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
