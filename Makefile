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
PG_CONFIG ?= /usr/lib/postgresql/17/bin/pg_config
TESTS ?= tests/administration/test_distribution.py tests/security/test_rows.py tests/security/test_visibility.py \
	tests/concurrency tests/scenarios/test_licit_trade.py tests/scenarios/test_arms_from_outside.py tests/matches \
	tests/faults/test_lost_worker.py

.PHONY: help demo serve test long check lint types layers subjects metrics mutants bench cluster lock sbom bundle docs

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

subjects:  # of commits since the house was cut by subject
	@git log --no-merges --format=%s 99a25cbb..HEAD 2>/dev/null | grep -vE '^(Add|Fix|Remove|Rename|Move|Merge|Change|Speed up|Document|Test|Update|Simplify|Replace|Revert) .{3,60}$$' \
		&& { echo "These subjects are not a plain verb and a thing, at most 60 characters."; exit 1; } || true

metrics: $(VENV)/.dev  ## print lines, files, and what the six main flows enter
	@$(BIN)/python -m pytest -q tests/metrics.py 2>&1 | grep -E "(lines in|folder|importer|statements)"

check: lint types layers subjects test  ## lint, types, layers and tests: what CI runs

long: $(VENV)/.dev  ## run the tests that have a long form at their full size: an hour
	@SALSA_LONG=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -q -rs $$(grep -lE "sized|drawn|long_only|mark.browser" -r tests --include='test_*.py')

mutants: $(VENV)/.dev  ## change release and permissions in every way, and let no change survive the tests
	@rm -rf mutants
	@$(BIN)/mutmut run --max-children $(WORKERS)
	@left="$$($(BIN)/mutmut results)"; test -z "$$left" || { echo "These survive:"; echo "$$left"; exit 1; }
	@rm -rf mutants

bench: $(VENV)/.runtime  ## measure, as ratios in one run
	@$(BIN)/salsa bench checks

cluster: $(VENV)/.dev  ## build Citus for PostgreSQL 17 (CITUS=its source), run tests on three nodes
	@test -x "$(CITUS)/configure" || { echo "Name the folder of Citus' source: make cluster CITUS=..."; exit 1; }
	@cd $(CITUS) && { test -f Makefile.global || ./configure -q PG_CONFIG=$(PG_CONFIG); } \
		&& nice $(MAKE) -s -j2 with_llvm=no install >build.log 2>&1 || { tail -5 build.log; exit 1; }
	@PG_BIN=$$($(PG_CONFIG) --bindir) $(BIN)/python -m tests.support.cluster $(BIN)/python -m pytest -q -rs $(TESTS)

# Without the extras in the lock, pip before 24 looks for what they need past the lock, and refuses it for want of a hash.
lock: $(VENV)/.dev  ## renew both lock files
	@$(BIN)/uv pip compile -q pyproject.toml --universal --python-version 3.11 --no-strip-extras --generate-hashes --no-emit-index-url --no-header -o requirements.lock
	@$(BIN)/uv pip compile -q pyproject.toml --universal --python-version 3.11 --no-strip-extras --generate-hashes --no-emit-index-url --no-header --extra dev -c requirements.lock -o requirements-dev.lock

sbom: $(VENV)/.dev  ## write sbom.json: what is installed with the program, as CycloneDX
	@$(BIN)/uv tool run --quiet --from 'cyclonedx-bom>=7.5,<8' cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible -o sbom.json

bundle: $(VENV)/.dev  ## write bundle/: the program and all it needs, to install without a network
	@$(PIP) download --require-hashes -r requirements.lock -d bundle
	@$(PIP) wheel --no-deps --no-build-isolation -w bundle .
	@cp requirements.lock bundle

docs: $(VENV)/.runtime  ## write the documents that are generated from the code
	@$(BIN)/python -m api.docs
