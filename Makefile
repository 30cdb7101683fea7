# Each target does its own set-up: a virtual environment in .venv with everything installed.
# make run          carry out a first recipe
# make test         lint, types and the quick tests
# make test-slow    the full counts: more mutated files, more seeds
# make test-gpu     the checks that need a CUDA device
# make bench        the speed and memory figures of benchmarks/RESULTS.md
# make bench-gpu    those that need a CUDA device, with its tests: make bench-gpu ON='--data DIR rgb2nir --minutes 5'

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
RECIPE ?= recipes/pbvs_rgb2ir.yaml
ON ?=

.PHONY: run test test-slow test-gpu lint format bench bench-gpu clean

run: $(READY)
	$(BIN)/spectra run $(RECIPE)

# One thread each: the workers are as many as the cores, and threads beyond those wait for one another, busily.
test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal -m "not slow and not gpu" --durations=25

test-slow: $(READY)
	$(BIN)/python -m pytest -m "slow"

test-gpu: $(READY)
	$(BIN)/python -m pytest -m "gpu"

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)
	$(BIN)/python benchmarks/all.py

bench-gpu: $(READY)
	$(BIN)/python benchmarks/device.py --out runs/device/report.md $(ON)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Spectra needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

clean:
	rm -rf .venv runs dist build
