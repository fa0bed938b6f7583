# tuiphone: two commands are all a fresh machine needs.
#
#   make demo     set up and open the phone on the demo exchange
#   make test     set up and run every test
#
# ENGINE=wheel   pjsua2 from the package index instead of the native build
# PYTHON=PATH    another interpreter (3.11 or newer) than python3
# PYTEST_ARGS, DEMO_ARGS, BENCH_ARGS are handed on

ENGINE ?= native
PYTHON ?=
PYTEST_ARGS ?= -n 3
export ENGINE PYTHON

BIN := .venv/bin
CODE := $(wildcard tuiphone tests native scripts bench)

.PHONY: demo setup test check bench clean

demo:
	@scripts/setup.sh --for demo
	@$(BIN)/tuiphone demo $(DEMO_ARGS)

setup:
	@scripts/setup.sh --for test

# Tests of real sound and real time share the machine with others: what fails there gets one more run, alone.
test: setup
	@$(BIN)/python -m pytest $(PYTEST_ARGS) || { \
	  echo "Once more, alone: what failed beside other tests"; \
	  $(BIN)/python -m pytest -n 0 --last-failed --last-failed-no-failures none; }

check: setup
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python -m bench $(BENCH_ARGS)

# The cache outside the tree (the built engine) stays.
clean:
	rm -rf .venv .setup .mypy_cache .ruff_cache .pytest_cache .import_linter_cache *.egg-info
	find tuiphone tests native scripts $(wildcard bench) -name __pycache__ -type d -exec rm -rf {} +
