# On a fresh machine, `make demo` or `make test` is all that is needed: both first set up a virtual environment in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= 2

.PHONY: demo test lint docs dist setup bundled clean help

help:
	@echo "make demo   set up, then compare sGDML and SchNet on the bundled data (about 5 minutes)"
	@echo "make test   set up, then run the tests (a few minutes)"
	@echo "make lint   set up, then ruff, mypy and import-linter"
	@echo "make docs   set up, then build the site in docs/_build/html; notebooks are executed (a few minutes at first)"
	@echo "make dist   set up, then build sdist and wheel, and try the wheel in a clean environment"

setup: $(READY)

# torch first and pinned: the CPU build is enough, and no other requirement may bring in another build.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade-strategy only-if-needed -c constraints.txt torch
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	touch $@

demo: $(READY)
	$(BIN)/supple demo

# WORKERS tests in parallel, each on one thread.
test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) $(PYTEST_ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/settings_tables.py
	$(BIN)/python scripts/check_paths.py

# Warnings are errors: links within the site, docstrings, notebooks that fail. Notebooks run the commands of this environment.
docs: $(READY)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m sphinx -W --keep-going -q -b html $(DOCS_ARGS) docs docs/_build/html

dist: $(READY)
	$(BIN)/python scripts/check_distribution.py

# Generate the bundled data again (about ten minutes).
bundled: $(READY)
	for name in azobenzene glycine; do $(BIN)/supple sample --recipe $$name --out src/supple/data/bundled/$$name.xyz.gz --overwrite; done

clean:
	rm -rf $(VENV) docs/_build .mypy_cache .ruff_cache .pytest_cache .coverage build dist
