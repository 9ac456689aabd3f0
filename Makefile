# Two commands do all the set-up:  make report  and  make test.  Windows: see README.md.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find outcomes notebooks -type f -not -path '*/__pycache__/*') pyproject.toml
LIBRARIES := $(VENV)/.libraries
PACKAGE := $(VENV)/.package

.PHONY: report test check lint types test-long fuzz bench growth agreement simulate dictionary lock notebooks clean

report: $(PACKAGE)  ## the main job on the sample clinic
	$(BIN)/outcomes report data/sample --month 2026-10 --output reports

test: $(PACKAGE)  ## all tests but the long campaigns, against the installed wheel
	$(BIN)/pytest -n auto --dist loadfile

check: lint types test  ## all that CI runs before it makes the report

lint: $(LIBRARIES)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(LIBRARIES)
	$(BIN)/mypy

test-long: $(PACKAGE)  ## the long campaigns: fuzzing, simulation, scale
	$(BIN)/pytest -m long

MINUTES ?= 20
fuzz: $(PACKAGE)  ## any bytes in, a table or words out: docs/fuzzing.md
	$(BIN)/python tests/fuzz/campaign.py --minutes $(MINUTES)

bench: $(PACKAGE)  ## the figures of docs/performance.md
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/statistics_speed.py
	$(BIN)/python benchmarks/report_speed.py

growth: $(PACKAGE)  ## time and memory up to a billion diary days: some half an hour, 20 GB of disk
	$(BIN)/python benchmarks/growth.py

agreement: $(PACKAGE)  ## docs/agreement.md, from the R values beside the checkout
	@mkdir -p build
	$(BIN)/python tests/reference/agreement.py > build/agreement.md
	mv build/agreement.md docs/agreement.md

simulate: $(PACKAGE)  ## docs/validity.md: clinics with a planted truth, some minutes
	@mkdir -p build
	$(BIN)/python -m outcomes.selfcheck > build/validity.md
	mv build/validity.md docs/validity.md

dictionary: $(PACKAGE)  ## docs/data-dictionary.md from the code
	$(BIN)/python -m outcomes.records.dictionary > docs/data-dictionary.md

notebooks: $(PACKAGE)  ## open the notebooks
	$(BIN)/jupyter lab notebooks

lock:  ## renew the hashed lock file; names no registry
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --all-extras -q \
	  --upgrade -o requirements.lock pyproject.toml

$(LIBRARIES): requirements.lock
	@$(PYTHON) -c "import sys; sys.exit('outcomes needs Python 3.11 or later' if sys.version_info < (3, 11) else 0)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

# The wheel and not the folder is installed, so that what is tested is what is shipped, templates included.
$(PACKAGE): $(LIBRARIES) $(SOURCES)
	rm -rf build/wheel
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation -w build/wheel .
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall build/wheel/*.whl
	@touch $@

clean:
	rm -rf $(VENV) build dist reports
