# What people and CI do with this repository; `make help` lists it. Needs Python 3.11+, git and a package index.
PYTHON ?= python3
PYTEST_ARGS ?=
BENCH_ARGS ?=
FUZZ_ARGS ?=
LOCK_ARGS ?=

VENV := .venv
RUN := $(VENV)/bin/python -m
READY := $(VENV)/.ready
PIP := $(RUN) pip --disable-pip-version-check --quiet --no-input
WORKFLOWS := $(wildcard .github/workflows/*.yml examples/*.yml)
SCRIPTS := $(wildcard .ci/* container/install-programs)

.DEFAULT_GOAL := help
.PHONY: help demo test check bench fuzz lock clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 16

demo: $(READY) ## Update the images of a small repository from a registry that the demo starts
	@$(RUN) demo

test: $(READY) ## Run all tests with branch coverage; PYTEST_ARGS is handed on
	@$(RUN) pytest --numprocesses auto --cov $(PYTEST_ARGS)

check: $(READY) ## Lint, formatting, types, workflows, and whether the locks fit pyproject.toml
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@$(RUN) mypy $(wildcard container/*.py)
	@$(VENV)/bin/shellcheck $(SCRIPTS)
	@PATH="$(VENV)/bin:$$PATH" actionlint $(WORKFLOWS)
	@$(VENV)/bin/zizmor --offline --quiet --no-progress --persona pedantic --config .github/zizmor.yml .github action.yml $(wildcard examples/*.yml)
	@$(RUN) pytest --quiet tests/test_locks.py

bench: $(READY) ## Measure against the figures to reach; BENCH_ARGS=--quick for a short form
	@$(RUN) benchmarks $(BENCH_ARGS)

fuzz: $(READY) ## Fuzz what reads challenges, links, bodies and references; FUZZ_ARGS="--seconds 600 links"
	@$(PIP) install $(ATHERIS) || echo "there is no $(ATHERIS) for this Python"
	@$(RUN) tests.fuzz $(FUZZ_ARGS)

# Built for some systems only, and needed for nothing else: not among the locked packages.
ATHERIS = atheris==3.0.0

lock: $(READY) ## Write the lock files anew; LOCK_ARGS=--upgrade for newer versions
	@$(PIP) install uv
	@$(LOCK) --output-file requirements.lock
	@$(LOCK) --group dev --constraints requirements.lock --output-file requirements-dev.lock
	@$(PINS) --group build --constraints requirements-dev.lock --output-file requirements-build.lock

# Hashes make an index address needless, and none is written: people and CI install from the index that they have.
PINS = $(RUN) uv --quiet --no-config pip compile --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock" $(LOCK_ARGS)
LOCK = $(PINS) pyproject.toml --all-extras

clean: ## Remove the virtual environment and everything else that is not tracked and can be made again
	rm -rf $(VENV) build dist *.egg-info .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@echo "Installing into $(VENV), once ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
