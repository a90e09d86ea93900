# make demo: virtual environment, install, train the default model, fill a real clip with it.
# make test: the same environment, then all tests.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO := runs/demo

.PHONY: install demo test lint clean

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e ".[dev]"
	touch $@

demo: install
	rm -rf $(DEMO)
	$(BIN)/python -m lgtsm.train experiment=demo paths.run=$(DEMO)
	$(BIN)/python -m lgtsm.inpaint tests/data/bmx-trees/video.mp4 --mask tests/data/bmx-trees/masks \
		--dilate 4 --checkpoint $(DEMO)/checkpoints/last.ckpt -o $(DEMO)/bmx-trees_filled.mp4

test: install
	$(BIN)/python -m pytest

lint: install
	$(BIN)/ruff check lgtsm tests

clean:
	rm -rf $(VENV) runs
