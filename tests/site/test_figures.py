"""The script behind the figures of docs/how_it_works.md."""

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location("figures", DOCS / "figures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_both_figures_are_drawn(script, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["figures.py", str(tmp_path)])
    script.main()
    page = (DOCS / "how_it_works.md").read_text()
    for path in tmp_path.iterdir():
        assert f"({path.name})" in page and (DOCS / path.name).is_file()
        assert 20_000 < path.stat().st_size < 150_000
    assert {path.name for path in tmp_path.iterdir()} == {"layer.svg", "state.svg"}


def test_the_state_is_that_of_17_layers_that_see_a_frame_each_way(script):
    """Each layer keeps one frame behind, and one that waits; the frames that have not come out wait, too."""
    assert script.state_of(causal=False, frames=22) == ([[1, 1]] * 17, 17)
    assert script.state_of(causal=True, frames=22) == ([[2, 0]] * 17, 0)
