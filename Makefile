.PHONY: check lint types imports test format mutation
PYTHON ?= .venv/bin/python

check: test lint types imports

test:
	$(PYTHON) -m pytest -q -n auto --dist loadfile

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:
	$(PYTHON) -m mypy

imports:
	$(dir $(PYTHON))lint-imports

# Nightly, not in CI: needs the extra `mutation`; goes on where it was stopped.
mutation:
	nice -n 10 $(PYTHON) scripts/mutation.py

format:
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .
