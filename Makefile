# make venv | demo | test | lint | bench | docs
SHELL := /bin/bash
PYTHON ?= python3
FAISS ?= $(shell command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi -L 2>/dev/null | grep -q GPU && echo gpu || echo cpu)
BIN := .venv/bin

.PHONY: venv demo test lint bench docs
.DEFAULT_GOAL := demo

venv: .venv/stamp

# The stamp makes a repeated make cost nothing; uv is used where it can be had, since it is ten times faster than pip. It
# compiles at once: where PYTHONDONTWRITEBYTECODE is set (containers), every stage would compile all its imports anew.
.venv/stamp: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "postlab needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv || true
	if [ -x $(BIN)/uv ]; then $(BIN)/uv pip install --compile-bytecode --python $(BIN)/python -c constraints.txt -e '.[$(FAISS),dev]'; \
	else $(BIN)/python -m pip install -c constraints.txt -e '.[$(FAISS),dev]'; fi
	touch .venv/stamp

demo: venv
	$(BIN)/python -m experiments.run cast_msd --profile demo

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy encoders retrieval lightning_modules datamodules experiments

test: lint
	$(BIN)/pytest

bench: venv
	$(BIN)/python -m experiments.bench

docs: venv
	$(BIN)/python -m experiments.docs
