# make run     set up and start a server on the embedded default
# make test    set up and check everything
# make bench   set up and measure (ARGS=--quick for the short form)
# make hostile set up and send 100,000 hostile frames (ARGS="--frames 10000 --seed 2" for fewer or others)

PYTHON ?= python3
BIN := .venv/bin
SOURCES := setup.cfg pyproject.toml

.PHONY: run test lint types unit bench hostile clean

run: .venv/run
	$(BIN)/twistd -n --pidfile= chat

test: lint types unit

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev
	$(BIN)/mypy

unit: .venv/browser
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(TESTS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

bench: .venv/dev
	$(BIN)/python bench/run.py $(ARGS)

hostile: .venv/dev
	$(BIN)/python -m tests.hostile $(ARGS)

clean:
	rm -rf .venv build dist *.egg-info

.venv/run: $(SOURCES)
	$(PYTHON) -m venv .venv || { rm -rf .venv && apt-get install -y python3-venv && $(PYTHON) -m venv .venv; }
	$(BIN)/pip install --quiet --editable . --config-settings editable_mode=compat
	touch $@

.venv/dev: .venv/run
	$(BIN)/pip install --quiet --editable '.[dev]' --config-settings editable_mode=compat
	touch $@

# The tests of the page use a browser where there is one, or where one can be installed.
.venv/browser: .venv/dev
	command -v chromium || command -v chromium-browser || command -v google-chrome || apt-get install -y chromium || true
	touch $@
