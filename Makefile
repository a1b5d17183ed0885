# Verbs for people and for CI; `make` alone lists them. Needs Python 3.11 or newer and make, nothing else.

NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$each -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$each && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= 2
COVERED ?= 95
# `make check TESTS=` leaves the tests out, for who runs `make test COVERAGE=yes` right after it.
TESTS ?= yes
COVERAGE ?=

# The lock says which pyright; it need not ask the network for a newer one.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

PYTEST = $(BIN)/python -m pytest -q
MANY = $(PYTEST) -n $(WORKERS) --dist worksteal
TOGETHER = $(MANY) -m 'not alone'
ALONE = $(PYTEST) -m alone

# Laws and large tables go without coverage: tracing them takes longer than all other tests, which reach nearly every line.
COVERED_TESTS = $(MANY) -m 'hypothesis or table' && \
	$(MANY) -m 'not alone and not hypothesis and not table' --cov --cov-report= && \
	$(ALONE) --cov --cov-append --cov-report=term --cov-fail-under=$(COVERED)

# A stamp names the lock it was installed from: another lock, another stamp, and the environment is brought up to date.
stamp = $(VENV)/.$(1)-$(shell cat requirements/$(1).lock pyproject.toml | cksum | cut -d' ' -f1)
RUNTIME := $(call stamp,runtime)
DEV := $(call stamp,dev)
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command 'make lock'

.DEFAULT_GOAL := help
.PHONY: help demo test check bench soak fuzz oracle schema lock graphiql-assets docker clean

help: ## list the verbs
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 18

demo: $(RUNTIME) ## start the sandbox's vendors and the gateway; ARGS="--port 8001" goes to `customer-gateway demo`
	@exec $(BIN)/customer-gateway demo $(ARGS)

test: $(DEV) ## run all tests; ARGS="tests/wire -k breaker" picks some
	$(if $(ARGS),$(PYTEST) $(ARGS),$(if $(COVERAGE),$(COVERED_TESTS),$(TOGETHER) && $(ALONE)))

check: $(DEV) ## format, lint, types, architecture, spelling, schema, tests with coverage
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/customer-gateway schema --check schema.graphql
	$(if $(TESTS),$(COVERED_TESTS))

bench: $(DEV) ## measure; writes bench/RESULTS.md. AGAINST=main compares with that commit, ARGS=find measures finding, ARGS=freshness how soon changes are found, ARGS=index what reads pay for it
	$(BIN)/python -m bench $(if $(AGAINST),--against '$(AGAINST)') $(ARGS)

soak: $(DEV) ## an hour of churn, faults, kills and passes under the index; SECONDS=60 for a minute
	$(BIN)/python -m bench.soak --seconds $(or $(SECONDS),3600) $(ARGS)

fuzz: $(DEV) ## test every law with fresh examples, both executors over thousands of operations, crashes by the thousand; an hour
	FUZZ=1 $(MANY) -m hypothesis $(ARGS)

oracle: $(DEV) ## hold 2,000 drawn questions of 10,000 records against reading them all, three ways on both databases; SEED=7 draws others; hours
	ORACLE=$(or $(SEED),18) $(PYTEST) tests/catalog/test_oracle.py $(ARGS)

schema: $(DEV) ## write schema.graphql, docs/fields.md and the tables of docs/writing.md from the code
	$(BIN)/customer-gateway schema --write schema.graphql --fields docs/fields.md --writing docs/writing.md

lock: $(DEV) ## resolve the dependencies of pyproject.toml anew into requirements/*.lock
	$(LOCK) --upgrade pyproject.toml requirements/build.in --output-file requirements/runtime.lock
	$(LOCK) --upgrade pyproject.toml --extra dev --constraint requirements/runtime.lock --output-file requirements/dev.lock

graphiql-assets: $(DEV) ## fetch GraphiQL's files again, from npm's registry
	$(BIN)/python scripts/fetch_graphiql.py

docker: ## build the image customer-gateway
	docker build --tag customer-gateway .

clean: ## remove the environment and what tools left behind
	rm -rf $(VENV) build dist .coverage* .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	rm -rf tests/clients/node_modules
	find src tests bench -name __pycache__ -prune -exec rm -rf {} +

# An environment that has the tools of dev has all of runtime, too.
$(RUNTIME): | $(BIN)/python
	@test -e $(DEV) || $(MAKE) --no-print-directory install LOCKED=runtime
	@rm -f $(VENV)/.runtime-* && touch $@

$(DEV): | $(BIN)/python
	@$(MAKE) --no-print-directory install LOCKED=dev
	@rm -f $(VENV)/.dev-* && touch $@

# The lock is complete, so pip resolves nothing: a later release of any package cannot change what is installed.
# `pip check` holds the environment against what each package requires.
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: install
install:
	$(PIP) install --quiet --no-deps --require-hashes -r requirements/$(LOCKED).lock
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	$(PIP) check

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer is found. If there is one: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c '$(NEW_ENOUGH)' || { echo "$(PYTHON) is no Python 3.11 or newer: make PYTHON=/path/to/python3"; exit 1; }
	@echo "Making the environment $(VENV); the first time takes a minute or two."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "That failed; on Debian: apt-get install python3-venv"; exit 1; }
