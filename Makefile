# Two commands matter: `make reproduce` and `make test`. Both set up .venv on first use.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: reproduce test slow lint lock clean
.DELETE_ON_ERROR:

reproduce: .venv/.run
	$(BIN)/greedylr reproduce --quick

test: .venv/.dev
	$(BIN)/python -m pytest

slow: .venv/.dev
	$(BIN)/python -m pytest -m slow

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, found %d.%d; set PYTHON=..." % sys.version_info[:2])'
	$(PYTHON) -m venv .venv

.venv/.run: pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[data,pep]' --constraint constraints.txt
	touch $@

.venv/.dev: pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[data,pep,dev]' --constraint constraints.txt
	touch .venv/.run $@

# pins every package of every extra but torch, without hashes or index addresses
lock: .venv/.dev
	$(BIN)/uv pip compile pyproject.toml --extra data --extra pep --extra dev --universal --no-header --no-annotate \
		--no-emit-index-url --upgrade --output-file constraints.txt

clean:
	rm -rf .venv results
