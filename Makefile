# make demo   set all up, make the demo dataset, open the explorer on it
# make test   set all up, run the tests
# make check  lint, format, types, layers
# make bench  print every measured claim
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help install demo test check bench screenshots clean

help:
	@sed -n 's/^# //p' Makefile

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing birdscope into $(VENV) (torch is large: a few minutes the first time)"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,openvino,int8]'
	$(BIN)/python -m compileall -q birdscope
	@touch $(STAMP)

demo: $(STAMP)
	$(BIN)/birdscope demo
	$(BIN)/birdscope --data sessions/demo-data --session demo --ensemble models/demo.toml

# Sound goes through one device, so tests that listen to it run one after the other. A worker that
# dies is a failure and isn't replaced: pytest-xdist would run its file for ever.
test: $(STAMP)
	$(BIN)/python -m pytest -m "not audio" --numprocesses auto --maxprocesses 4 --dist loadfile \
		--max-worker-restart 0
	$(BIN)/python -m pytest -m audio

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)
	$(BIN)/python -m benchmarks

screenshots: $(STAMP)
	$(BIN)/python docs/screenshots.py

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
