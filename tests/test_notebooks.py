"""The notebooks run today, and are kept with the outputs of a run."""

import json
import sys
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
PICTURES = {"image/png", "image/jpeg"}
LARGEST = 600 * 1024  # bytes of a file


def read(path):
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def outputs(cell):
    """Return how many outputs of each kind a cell has; what a cell prints in parts counts once."""
    found = Counter()
    for output in cell.outputs:
        kinds = set(output.get("data", {})) or {output.get("name", output.output_type)}
        found["picture" if kinds & PICTURES else sorted(kinds)[0]] += 1
    return {kind: 1 if kind in ("stdout", "stderr") else count for kind, count in found.items()}


@pytest.fixture
def kernel_of_this_python(tmp_path, monkeypatch):
    """Make `python3` a kernel of this Python, whatever kernels and startup files the user has."""
    folder = tmp_path / "jupyter" / "kernels" / "python3"
    folder.mkdir(parents=True)
    line = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (folder / "kernel.json").write_text(json.dumps({"argv": line, "display_name": "here", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))


def test_there_are_notebooks():
    assert {path.stem for path in NOTEBOOKS} == {
        "fill_a_clip", "from_2d_to_time", "score_results", "shifts_and_gates",
    }  # fmt: skip


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_with_the_outputs_of_one_run_from_top_to_bottom(path):
    notebook = read(path)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    found = sum((Counter(outputs(cell)) for cell in cells), Counter())
    assert found["picture"] >= 3, found
    assert not {"error", "stderr"} & set(found), found
    text = path.read_text()
    assert len(text) < LARGEST
    assert not any(place in text for place in ("/home/", "/root/", "/tmp/", str(Path.home())))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.usefixtures("kernel_of_this_python")
def test_a_notebook_runs_and_gives_such_outputs_as_are_kept(path):
    kept = read(path)
    ran = nbformat.from_dict(json.loads(json.dumps(kept)))
    for cell in ran.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    resources = {"metadata": {"path": str(path.parent)}}
    NotebookClient(ran, timeout=600, startup_timeout=600, kernel_name="python3", resources=resources).execute()
    for before, after in zip(kept.cells, ran.cells, strict=True):
        if before.cell_type == "code":
            assert outputs(after) == outputs(before), after.source
