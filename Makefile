# `make` alone prints what there is. Everything but `serve` and `help` first sets up what is missing.
PYTHON ?= python3
DATA ?= var
PORT ?=
ARGS ?=

VENV := .venv/bin
SERVE := --data "$(DATA)" $(if $(PORT),--port $(PORT))

help: ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## set up what is missing, then serve [PORT=8000 DATA=var]
	@exec $(PYTHON) tools/bootstrap.py run $(SERVE)

set-up: ## Python packages for development, Node, the built page
	@$(PYTHON) tools/bootstrap.py test

serve: ## serve without setting up, starting again when a file changes [PORT= DATA=]
	@exec $(VENV)/python -m moviefinder serve --reload $(SERVE)

test: check ## everything: check, the page's tests, pytest [ARGS="-n 0 -k name"]
	@$(VENV)/python tools/page.py vitest run
	@$(VENV)/python -m pytest -n auto --maxprocesses 4 --dist worksteal $(ARGS)

check: set-up ## format, lint, types, layers, spelling, generated files
	@$(VENV)/python tools/check.py

format: set-up ## bring the code into shape
	@$(VENV)/ruff format --quiet . && $(VENV)/ruff check --quiet --fix .
	@$(VENV)/python tools/page.py biome check --write

ui: set-up ## the page alone, with hot reload, on a running server
	@$(VENV)/python tools/page.py vite

docs: set-up ## write the generated parts of docs/ anew
	@$(VENV)/python tools/docs.py

bench: ## measure search, recommendations and the server into docs/benchmarks.md
	@$(PYTHON) tools/bootstrap.py bench
	@$(VENV)/python -m bench $(ARGS)

bench-quality: ## measure recommendations beside their peers, most of an hour [ARGS=--tune]
	@$(PYTHON) tools/bootstrap.py bench
	@$(VENV)/python -m bench quality $(ARGS)

faults: set-up ## kill what works at random moments, thirty times each, and print what came of it: half an hour
	@$(VENV)/python -m pytest tests/faults -q $(ARGS)

screenshots: set-up ## a picture of each screen into screenshots/
	@$(VENV)/python tools/screenshots.py $(ARGS)

lock: set-up ## solve requirements/ anew [ARGS=--upgrade]
	@$(VENV)/python tools/lock.py $(ARGS)

.PHONY: help run set-up serve test check format ui docs bench bench-quality faults screenshots lock
