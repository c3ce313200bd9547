# make demo   a talking portrait in outputs/
# make test   everything that is tested, here and in CI
# make docs   the site in _docs/ and README.md, from the notebooks
# make clean  remove what the other three made, except outputs/
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test docs clean

demo: $(VENV)/run.stamp
	$(BIN)/latentsync demo

test: $(VENV)/dev.stamp
	OMP_NUM_THREADS=1 $(BIN)/nbdev_test --n_workers 2 --do_print --timing
	$(BIN)/python -m pytest -q tests

docs: $(VENV)/dev.stamp
	NO_MKDOCS_2_WARNING=1 $(BIN)/python docs_build.py

clean:
	rm -rf $(VENV) _proc _docs _docs_src mkdocs.yml build dist *.egg-info .pytest_cache .ruff_cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: settings.ini setup.py | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/dev.stamp: settings.ini setup.py | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,app,live]'
	touch $@ $(VENV)/run.stamp
