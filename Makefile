# `make run` starts SLaM, `make test` checks it; both set up what they need in .venv.

PYTHON ?= python3
BIN := .venv/bin
# Packages and the system's tools are installed side by side.
MAKEFLAGS += --jobs=2
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt

.PHONY: run test faults benchmark clean

run: .venv/.run
	@exec $(BIN)/slam up

# A browser's driver keeps an event loop running, which other tests start for themselves. Faults are
# timed by the clock, so nothing else runs beside them.
test: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 --dist worksteal --ignore tests/ui --ignore tests/daemon/test_faults.py
	$(BIN)/python -m pytest -n 2 --dist worksteal tests/ui
	$(BIN)/python -m pytest tests/daemon/test_faults.py

# The tests that kill daemons, with 50 kills instead of a few; takes about half an hour.
faults: .venv/.test
	SLAM_FAULTS_IN_FULL=1 $(BIN)/python -m pytest tests/daemon/test_faults.py -v

benchmark: .venv/.test
	@for file in benchmarks/[a-z]*.py; do echo "== $$file"; $(BIN)/python -m "benchmarks.$$(basename $$file .py)" || exit 1; done

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "SLaM needs Python 3.11 or newer; set PYTHON=/path/to/one.")'
	$(PYTHON) -m venv .venv

.venv/.run: .venv/bin/python pyproject.toml constraints.txt
	@echo "Installing SLaM and what it needs into .venv; the first time takes a few minutes."
	$(PIP) -e '.[similarity,postgres,aws]'
	@touch $@

# rbo is an oracle of the tests; as an ordinary dependency its pin would take numpy back to version 1.
# The extra `use` in a lean form, whose parts name the large TensorFlow but do as well with the small.
# Python compiles what it imports, so pip need not compile the rest, which takes it a minute.
.venv/.packages: .venv/bin/python pyproject.toml constraints.txt
	@echo "Installing SLaM and what its tests need into .venv; the first time takes a few minutes."
	$(PIP) --no-compile -e '.[similarity,postgres,aws,test]' \
		'tensorflow-cpu; platform_machine == "x86_64"' 'tensorflow; platform_machine != "x86_64"'
	$(PIP) --no-compile --no-deps rbo tensorflow-hub tensorflow-text tf-keras
	@touch .venv/.run $@

.venv/.tools: .venv/bin/python tests/system-tools.sh
	@sh tests/system-tools.sh
	@touch $@

.venv/.test: .venv/.packages .venv/.tools
	@touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
