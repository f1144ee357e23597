# Patchline's make targets. `make help` explains them; each does its own set-up.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FAISS := $(shell nvidia-smi >/dev/null 2>&1 && echo gpu || echo cpu)
INSTALLED := $(VENV)/.installed-$(FAISS)
SECONDS_ARGUMENT := $(if $(filter command line environment,$(origin SECONDS)),--seconds $(SECONDS),)

.PHONY: help demo test check verify faults bench bench-peer schemas screenshots site format clean

help: ## What the targets do
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile
	@echo "  make demo SECONDS=60 ends by itself, approves a few parts and checks the ledger"

$(INSTALLED): pyproject.toml constraints.txt
	@echo "Setting up $(VENV): the first time takes about two minutes (torch is large)."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[$(FAISS),report,otel,demo,sinks,camera,dev]'
	@touch $@

demo: $(INSTALLED) ## Inspect two lines of real solar cells: broker, cache, page and all
	@$(BIN)/patchline demo $(SECONDS_ARGUMENT)

test: $(INSTALLED) ## The tests, against real Apache Kafka where java and mvn are there
	$(BIN)/python -m pytest -m "not slow"

check: $(INSTALLED) ## Format, lint, types, layers, schemas
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m schemas.documents --check
	$(BIN)/python -m workers.reference --check
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec compose/compose.yaml
	$(BIN)/hadolint compose/Dockerfile
	@if command -v promtool >/dev/null; then promtool test rules compose/prometheus/rules_test.yml && \
	  promtool check config compose/prometheus/prometheus.yml; \
	else echo "promtool is not installed: the alert rules were not tested"; fi

verify: check ## All that must hold before a change lands: check, test, and the slow suites
	$(BIN)/python -m pytest

faults: $(INSTALLED) ## The fault suite on real processes; writes docs/faults.md (an hour; CASE=1, TIMES=n, SHORT=1)
	$(BIN)/python -m tests.faults $(CASE) $(if $(TIMES),--times $(TIMES)) $(if $(SHORT),--short)

bench: $(INSTALLED) ## Every bench, with a table in docs/performance.md (half an hour on a quiet machine; NAME=search)
	$(BIN)/python -m tests.benches $(NAME)

bench-peer: $(INSTALLED) ## anomalib in an environment of its own beside us, on the same weights and pictures
	$(BIN)/python -m tests.benches.peer

schemas: $(INSTALLED) ## Make schemas/json and docs/reference.md anew from the code
	$(BIN)/python -m schemas.documents
	$(BIN)/python -m workers.reference

screenshots: $(INSTALLED) ## The README's pictures, from drawn parts in Chromium; of real cells in .cache
	$(BIN)/python -m tests.browser.screenshots docs/images
	$(BIN)/python -m tests.browser.screenshots .cache/screenshots --cells

site: $(INSTALLED) ## The docs as a site in ./site, strict about links
	$(BIN)/python -m mkdocs build --strict

format: $(INSTALLED) ## Format the source
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove what the targets made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build site
