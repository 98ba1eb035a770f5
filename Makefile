# Everything a newcomer needs; `make help` lists it.
PORT ?= 8000
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
unexport PYTHONDONTWRITEBYTECODE
WORKERS ?= 2

.PHONY: help demo serve test long check lint types layers mutants bench lock docs

help:  ## list what there is
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

$(VENV)/.runtime: requirements.lock pyproject.toml
	@echo "Installing what the service needs into $(VENV) ..."
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name it with PYTHON=."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "Making a virtual environment in this folder failed: is it yours to write, and is venv installed (on Debian python3-venv)?"; exit 1; }
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing what the tests need ..."
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(VENV)/.runtime  ## make the demo region and serve it (PORT=8000)
	@$(BIN)/salsa demo --port $(PORT)

serve: $(VENV)/.runtime  ## serve what `salsa init` began (PORT=8000)
	@$(BIN)/salsa serve --port $(PORT)

test: $(VENV)/.dev  ## run all tests, in parallel
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -q -rs

lint: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.dev
	@$(BIN)/mypy

layers: $(VENV)/.dev
	@$(BIN)/lint-imports --no-logo

check: lint types layers test  ## lint, types, layers and tests: what CI runs

long: $(VENV)/.dev  ## run the tests that have a long form at their full size: an hour
	@SALSA_LONG=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -q -rs $$(grep -l sized -r tests --include='test_*.py')

mutants: $(VENV)/.dev  ## change the release function in every way, and let no change survive the tests
	@rm -rf mutants
	@$(BIN)/mutmut run --max-children $(WORKERS)
	@left="$$($(BIN)/mutmut results)"; test -z "$$left" || { echo "These survive:"; echo "$$left"; exit 1; }
	@rm -rf mutants

bench: $(VENV)/.runtime  ## measure, as ratios in one run
	@$(BIN)/salsa bench checks

lock: $(VENV)/.dev  ## renew both lock files
	@$(BIN)/uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements.lock
	@$(BIN)/uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra dev -c requirements.lock -o requirements-dev.lock

docs: $(VENV)/.runtime  ## write the documents that are generated from the code
	@$(BIN)/python -m api.docs
