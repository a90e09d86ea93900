# make demo: install into .venv, remove a rider from a real clip, then train a small network and fill with it.
# make test: install into .venv, run all tests.
# make docs: install into .venv, build the site into build/site; any warning is an error.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO := runs/demo
CLIP := tests/data/bmx-trees

.PHONY: install demo test lint docs notebooks clean

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e ".[dev]"
	$(BIN)/python -m pip install --quiet --no-deps --ignore-requires-python rapidocr-onnxruntime==1.4.4
	touch $@

demo: install
	rm -rf $(DEMO)
	mkdir -p $(DEMO)
	@echo "== 1 of 2: remove the rider from a real clip. No training needed."
	$(BIN)/python -m lgtsm.inpaint $(CLIP)/video.mp4 --mask $(CLIP)/masks --dilate 4 -o $(DEMO)/removed.mp4 \
		--preview $(DEMO)/before_after.mp4 --report $(DEMO)/report
	cp $(DEMO)/report/frame_000009.png $(DEMO)/before_after.png
	@echo "== Look at $(DEMO)/before_after.png: input, mask, result."
	@echo "== 2 of 2: train a small network for a few minutes and fill the same clip with it."
	$(BIN)/python -m lgtsm.train experiment=demo paths.run=$(DEMO)/network
	$(BIN)/python -m lgtsm.inpaint $(CLIP)/video.mp4 --mask $(CLIP)/masks --dilate 4 \
		--checkpoint $(DEMO)/network/generator.safetensors -o $(DEMO)/removed_by_small_network.mp4
	@echo
	@echo "The results, most interesting first:"
	@echo "  $(DEMO)/before_after.png               input, mask and result of the default method"
	@echo "  $(DEMO)/before_after.mp4               the same as a video; the result alone is removed.mp4"
	@echo "  $(DEMO)/report/index.html              frames, a slice through time, timings"
	@echo "  $(DEMO)/network/evaluation/report.html scores of the small network on new clips"
	@echo "  $(DEMO)/network/evaluation/frames_0.png the same clips, filled"
	@echo "  $(DEMO)/removed_by_small_network.mp4   the rider removed by the small network, far from the above"

test: install
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

lint: install
	$(BIN)/ruff check lgtsm tests docs integrations notebooks
	$(BIN)/ruff format --check lgtsm tests docs integrations notebooks
	$(BIN)/mypy

docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

# Run the notebooks and keep their outputs.
notebooks: install
	cd notebooks && JUPYTER_PREFER_ENV_PATH=1 ../$(BIN)/jupyter execute --inplace *.ipynb

clean:
	rm -rf $(VENV) runs build
