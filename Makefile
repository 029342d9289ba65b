# Everything that a person or a machine does with roomcast starts here; `make help` lists it.
# A target sets up what it needs and nothing twice: stamp files in the virtual environment remember what is there.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= $(firstword $(shell command -v python3.11 python3.12 python3.13 python3))
VENV ?= .venv
BIN := $(VENV)/bin
# The lock holds for what is installed and, by the variables, for what pip builds with.
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore $(BIN)/python -m pip --quiet
CHECKED := sfu signalling recorder roomcast tests bench
# Workers for the tests that drive no browser, one more than cores, as many of them wait. Browsers get one at a time: what
# is to be seen and heard in them is to come in time.
WORKERS ?= 3
# What fails is run once more, and the summary tells of it with its traceback: docs/testing.md says why. Five in a run
# are no accidents any more.
RERUNS ?= --reruns 1 --max-suite-reruns 5 --rerun-show-tracebacks
# Passed on to `roomcast serve` and to pytest, as in `make test-unit ARGS="-k stun"`.
ARGS ?=
# Many tests start processes, each of which would compile this repository again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run setup test test-unit test-browser check lint types bench bench-smoke soak format lock system-packages clean

help: ## show what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: setup ## set everything up and start the server; options by ROOMCAST_* variables
	@exec $(BIN)/roomcast serve $(ARGS)

setup: $(VENV)/.installed ## make the virtual environment with what the server needs

# Browsers spend half of their time waiting: the types are checked in it, by a process that gets only what they leave.
test: ## check everything and run all tests, browsers included
	@$(MAKE) --no-print-directory --jobs 2 $(VENV)/.installed-dev system-packages
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory test-unit
	@$(MAKE) --no-print-directory bench-smoke
	@$(MAKE) --no-print-directory --jobs 2 test-browser types

test-unit: $(VENV)/.installed-dev system-packages ## run the tests that drive no browser
	$(BIN)/python -m pytest -m "not browser" -n $(WORKERS) $(RERUNS) $(ARGS)

test-browser: $(VENV)/.installed-dev system-packages ## run the tests that drive Chromium and Firefox
	$(BIN)/python -m pytest -m browser $(RERUNS) $(ARGS)

check: lint types ## lint, formatting, types and the rules on imports

lint: $(VENV)/.installed-dev # what takes a moment
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/ruff format --check $(CHECKED)

types: $(VENV)/.installed-dev # what takes a minute
	nice -n 19 $(BIN)/mypy
	nice -n 19 $(BIN)/lint-imports

bench: $(VENV)/.installed-dev ## measure everything beside Janus, half an hour on an idle machine; needs root
	@.ci/system-packages bench
	$(BIN)/python -m bench run --output bench-results.json $(ARGS)

bench-smoke: $(VENV)/.installed-dev ## see whether the load harness works; no root, no Janus, figures that mean nothing
	$(BIN)/python -m bench smoke

soak: $(VENV)/.installed-dev ## an hour of people who come and go: does the server's memory stay flat?
	$(BIN)/python -m bench soak $(ARGS)

format: $(VENV)/.installed-dev ## format the code and mend what the linter can mend
	$(BIN)/ruff check --fix $(CHECKED)
	$(BIN)/ruff format $(CHECKED)

lock: $(VENV)/.installed-dev ## write what is installed to requirements.lock, after `pip install --upgrade` of your choice
	$(BIN)/python -m pip freeze --exclude-editable | grep -v '^#' >requirements.lock

system-packages: # browsers, ffmpeg, PostgreSQL and Node.js for the tests
	@.ci/system-packages

clean: ## remove the virtual environment and caches, but never the data folder
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("roomcast needs Python 3.11 or newer")'
	@echo "Making the virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# Wheels only: a package that needs a compiler would fail late, and on the next machine only.
$(VENV)/.installed: $(VENV)/.created pyproject.toml requirements.lock $(wildcard sfu/native/*.[ch])
	@echo "Installing what the server needs, about a minute"
	@$(PIP) install --only-binary :all: --constraint requirements.lock --editable .
	@touch $@

# The same and more, at once: whoever wants to test need not install twice.
$(VENV)/.installed-dev: $(VENV)/.created pyproject.toml requirements.lock $(wildcard sfu/native/*.[ch])
	@echo "Installing what the server, checks and tests need, about two minutes"
	@$(PIP) install --only-binary :all: --constraint requirements.lock --editable '.[dev]'
	@touch $(VENV)/.installed $@
