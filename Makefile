# One entry point per chore. Each target makes what it needs; nothing outside of this folder is written, except that
# `make test` installs docker-registry, skopeo and umoci with apt-get where they are missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
WORKERS ?= auto

.PHONY: help demo test lint bench soak docs constraints tools clean

help: ## What there is.
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: $(VENV)/.runtime ## The whole job on this machine: a local cloud, real images, plan, apply, drift.
	$(BIN)/reconciler demo

test: $(VENV)/.dev lint tools ## Everything that must hold; the fast parts first.
	$(BIN)/python -m pytest -n $(WORKERS) tests/unit
	$(BIN)/python -m pytest -n $(WORKERS) tests/scenarios tests/property tests/contract tests/faults tests/e2e

lint: $(VENV)/.dev ## Types, style, imports between rooms, generated files.
	$(BIN)/ruff check reconciler tests
	$(BIN)/ruff format --check --quiet reconciler tests
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(BIN)/reconciler explain --markdown | cmp - docs/rules.md

docs: $(VENV)/.dev ## Write the generated pages.
	$(BIN)/reconciler explain --markdown > docs/rules.md

bench: $(VENV)/.dev tools ## Race skopeo, and crane, regsync, image-syncer where they are; writes docs/benchmarks.md.
	$(BIN)/python -m tests.bench

soak: $(VENV)/.dev tools ## Faults and kills at length: drawn sequences, spoilt calls, kills of a big copy; about 40 min.
	FAULT_SEEDS=300 $(BIN)/python -m pytest -n $(WORKERS) tests/faults/test_fuzz.py
	CALL_FAULT_SEEDS=20 $(BIN)/python -m pytest -n $(WORKERS) tests/faults/test_calls.py
	KILL_MOMENTS=50 KILL_MIB=1024 $(BIN)/python -m pytest --timeout 3600 tests/faults/test_kill.py

tools: ## The servers and readers that the interoperability tests run against.
	@.ci/tools

constraints: $(VENV)/.dev ## Choose new versions within the ranges of pyproject.toml.
	$(BIN)/python -m pip --disable-pip-version-check --quiet install uv
	echo hatchling | $(BIN)/uv pip compile pyproject.toml - $(COMPILE) -o .ci/constraints.txt
	$(BIN)/uv pip compile pyproject.toml --extra dev -c .ci/constraints.txt $(COMPILE) -o .ci/constraints-dev.txt

COMPILE := --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet

clean: ## Remove what the other targets made.
	rm -rf $(VENV) .reconciler .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; name one with PYTHON=...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: .ci/constraints.txt pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r .ci/constraints.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: .ci/constraints-dev.txt $(VENV)/.runtime
	$(PIP) install --require-hashes -r .ci/constraints-dev.txt
	@touch $@
