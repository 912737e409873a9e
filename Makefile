# devtel's own Makefile. `make demo` shows the product, `make test` tests it; both set up what they need in .venv.

VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow lint format coverage bench release constraints clean
# The goals here share one .venv and the machine's two cores.
.NOTPARALLEL:

help:
	@echo "make demo      the product at work: a server, consent, some builds, a flush, the stored rows"
	@echo "make test      the tests of a few minutes"
	@echo "make test-slow the long matrices"
	@echo "make lint      ruff, mypy --strict, import-linter"
	@echo "make coverage  the tests of a few minutes, and which lines they leave out"
	@echo "make release   sdist and wheel in dist/, checked, and the wheel tried in every Python that is found"
	@echo "make bench     the figures of docs/benchmarks.md"
	@echo "make constraints: constraints.txt with today's versions"

# One environment. What the demo needs comes first; tests and linters add theirs.
# pip of before 2024 writes start scripts that import `re`, which costs every run milliseconds; so pip comes first.
$(VENV)/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "devtel needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=python3.12, say." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[server,devlake]'
	@touch $@

$(VENV)/ready-to-test: $(VENV)/ready
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[server,devlake,test,lint]'
	@touch $@

demo: $(VENV)/ready
	@sh scripts/demo $(CURDIR)/$(BIN)

test: $(VENV)/ready-to-test
	@$(BIN)/python -m pytest -n auto --dist worksteal -m 'not slow' -p no:schemathesis $(ARGS)

test-slow: $(VENV)/ready-to-test
	@$(BIN)/python -m pytest -n auto --dist worksteal -m slow $(ARGS)

lint: $(VENV)/ready-to-test
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/ready-to-test
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# Measured processes are slower and load coverage too: tests of counts and of time may fail here, and here only.
coverage: $(VENV)/ready-to-test
	@$(BIN)/coverage erase
	-@$(BIN)/coverage run -m pytest -n auto --dist worksteal -m 'not slow' $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

bench: $(VENV)/ready-to-test
	@$(BIN)/python bench/wrap.py
	@$(BIN)/python bench/counts.py
	@$(BIN)/python bench/aggregate.py
	@$(BIN)/python bench/stats.py
	@$(BIN)/python bench/devlake.py
	@$(BIN)/python bench/server.py
	@$(BIN)/python bench/pages.py

$(VENV)/ready-to-release: $(VENV)/ready
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[release]'
	@touch $@

release: $(VENV)/ready-to-release
	@$(BIN)/python scripts/release.py $(PYTHONS)

# The newest versions, for constraints.txt; run the tests with them before a commit.
constraints:
	@$(PYTHON) scripts/constraints.py

clean:
	@rm -rf $(VENV) build dist .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
