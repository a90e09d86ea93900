"""The notebooks run from top to bottom."""

import json
from pathlib import Path

import matplotlib
import numpy as np
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path, monkeypatch):
    matplotlib.use("Agg")
    monkeypatch.chdir(path.parent)
    cells = json.loads(path.read_text())["cells"]
    scope = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [], "Notebooks are kept without outputs; clear them."
            exec("".join(cell["source"]), scope)
    known = scope["mask"] == 0
    for rows in (scope["rows"]["tccds"], scope["rows"]["untrained network"]):
        assert np.array_equal(rows[known], scope["frames"][known])
