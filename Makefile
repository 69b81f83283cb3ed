# Two commands on a fresh machine: `make demo` and `make test`. Needs Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SPARK := .venv-spark
MLFLOW := .venv-mlflow
DOCS := .venv-docs
DBT := .venv-dbt
# Modules are compiled when they are first imported: most never are.
INSTALL := python -m pip --disable-pip-version-check install --quiet --no-compile
PIP := $(BIN)/$(INSTALL)
AXE := npm ci --silent --no-audit --no-fund --prefix tests/browser
export PIP_NO_INPUT := 1

.DEFAULT_GOAL := help
.PHONY: help demo test test-all test-spark test-mlflow test-dbt docs lint bench soak lock clean

help: ## Show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/runtime ## Simulate an export, segment it, print the report's path
	@$(BIN)/visitseg demo --out artifacts

test: lint ## Lint, types and the tests of every day
	@begun=$$(date +%s); $(BIN)/python -m pytest -n 2 -m "not slow"; code=$$?; \
	echo "make test: tests took $$(( $$(date +%s) - begun )) s"; exit $$code

test-all: $(VENV)/dev ## The longer lanes: many random exports, a real browser
	@begun=$$(date +%s); sh scripts/install-chromium.sh && $(AXE) && $(BIN)/python -m pytest -n 2 -m "slow and not spark" \
	&& $(MAKE) --no-print-directory docs test-spark test-mlflow test-dbt; \
	code=$$?; echo "make test-all: took $$(( $$(date +%s) - begun )) s"; exit $$code

test-spark: $(SPARK)/ready ## The visit SQL on Spark, beside DuckDB; part of test-all
	@begun=$$(date +%s); sh scripts/install-java.sh && $(SPARK)/bin/python -m pytest -m spark --durations=5; \
	code=$$?; echo "make test-spark: tests took $$(( $$(date +%s) - begun )) s"; exit $$code

test-mlflow: $(MLFLOW)/ready ## A run in MLflow's local file store; part of test-all
	@begun=$$(date +%s); $(MLFLOW)/bin/python -m pytest tests/test_mlflow.py; \
	code=$$?; echo "make test-mlflow: tests took $$(( $$(date +%s) - begun )) s"; exit $$code

test-dbt: $(DBT)/ready ## A dbt project that owns the visit table, on DuckDB; part of test-all
	@begun=$$(date +%s); $(DBT)/bin/python -m pytest tests/test_dbt.py; \
	code=$$?; echo "make test-dbt: tests took $$(( $$(date +%s) - begun )) s"; exit $$code

docs: $(DOCS)/ready ## The documentation as a site, in site/; a broken link fails; part of test-all
	@begun=$$(date +%s); NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --strict; \
	code=$$?; echo "make docs: took $$(( $$(date +%s) - begun )) s"; exit $$code

lint: $(VENV)/dev ## ruff and mypy
	@begun=$$(date +%s); $(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet . \
	&& $(BIN)/mypy --no-error-summary; code=$$?; \
	echo "make lint: took $$(( $$(date +%s) - begun )) s"; exit $$code

bench: $(VENV)/dev ## Measure against the floor of reading the data
	@$(BIN)/python -m benchmarks
	@$(BIN)/python -m benchmarks.report

soak: $(VENV)/dev ## Memory of labels on their way out of BigQuery; quality on planted data: an hour
	@$(BIN)/python -m benchmarks.soak
	@$(BIN)/python -m benchmarks.quality
	@$(BIN)/python -m benchmarks.identity
	@$(BIN)/python -m benchmarks.killed --moments 500

lock: ## Pin requirements with hashes (needs uv)
	@cd requirements && for name in runtime dev spark mlflow dbt docs; do \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-strip-extras \
	    --no-emit-index-url --no-emit-find-links $$name.in -o $$name.txt; done

clean: ## Remove what the other targets made
	rm -rf $(VENV) $(SPARK) $(MLFLOW) $(DBT) $(DOCS) site artifacts .mypy_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("visitseg needs Python 3.11 or newer, not " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/runtime: requirements/runtime.txt pyproject.toml | $(VENV)/bin/python
	@begun=$$(date +%s); $(PIP) --require-hashes -r requirements/runtime.txt \
	&& $(PIP) --no-deps --no-build-isolation -e . && touch $@ \
	&& echo "set-up: took $$(( $$(date +%s) - begun )) s"

$(VENV)/dev: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	@begun=$$(date +%s); $(PIP) --require-hashes -r requirements/dev.txt \
	&& $(PIP) --no-deps --no-build-isolation -e . && touch $@ $(VENV)/runtime \
	&& echo "set-up: took $$(( $$(date +%s) - begun )) s"

$(SPARK)/ready: requirements/spark.txt pyproject.toml
	@begun=$$(date +%s); $(PYTHON) -m venv $(SPARK) \
	&& $(SPARK)/bin/$(INSTALL) --require-hashes -r requirements/spark.txt \
	&& $(SPARK)/bin/$(INSTALL) --no-deps --no-build-isolation -e . \
	&& touch $@ && echo "set-up of the Spark lane: took $$(( $$(date +%s) - begun )) s"

$(MLFLOW)/ready: requirements/mlflow.txt pyproject.toml
	@begun=$$(date +%s); $(PYTHON) -m venv $(MLFLOW) \
	&& $(MLFLOW)/bin/$(INSTALL) --require-hashes -r requirements/mlflow.txt \
	&& $(MLFLOW)/bin/$(INSTALL) --no-deps --no-build-isolation -e . \
	&& touch $@ && echo "set-up of the MLflow lane: took $$(( $$(date +%s) - begun )) s"

$(DOCS)/ready: requirements/docs.txt
	@begun=$$(date +%s); $(PYTHON) -m venv $(DOCS) \
	&& $(DOCS)/bin/$(INSTALL) --require-hashes -r requirements/docs.txt \
	&& touch $@ && echo "set-up of the docs lane: took $$(( $$(date +%s) - begun )) s"

$(DBT)/ready: requirements/dbt.txt pyproject.toml
	@begun=$$(date +%s); $(PYTHON) -m venv $(DBT) \
	&& $(DBT)/bin/$(INSTALL) --require-hashes -r requirements/dbt.txt \
	&& $(DBT)/bin/$(INSTALL) --no-deps --no-build-isolation -e . \
	&& touch $@ && echo "set-up of the dbt lane: took $$(( $$(date +%s) - begun )) s"
