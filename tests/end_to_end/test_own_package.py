"""docs/own_classes.md: its files are those of tests/own_package, and its commands and its program work there."""

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import lgtsm
from lgtsm.video.open import open_video
from lgtsm.video.pictures import write_png

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "tests" / "own_package"
PAGE = (ROOT / "docs" / "own_classes.md").read_text()
(PROGRAM,) = re.findall(r"```python\n(import lgtsm\n.*?)```", PAGE, re.S)
COMMANDS = [line for block in re.findall(r"```bash\n(.*?)```", PAGE, re.S) for line in block.splitlines()]


def test_the_page_shows_the_files():
    shown = re.findall(r"`([\w/]+\.(?:py|yaml))`:\n\n```\w+\n(.*?)```", PAGE, re.S)
    files = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.*") if path.suffix in (".py", ".yaml")}
    assert {name for name, _ in shown} == files - {"my_package/__init__.py"}
    for name, text in shown:
        assert text == (PACKAGE / name).read_text(), name


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The package after all commands of the page."""
    folder = tmp_path_factory.mktemp("own") / "package"
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "tests" / "data" / "bmx-trees" / "video.mp4", folder / "VIDEO.mp4")
    write_png(folder / "MASK.png", np.pad(np.full((40, 60, 3), 255, np.uint8), ((60, 60), (100, 128), (0, 0))))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    for line in COMMANDS:
        words = line.replace("python", sys.executable, 1).split()
        done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
    return folder


@pytest.fixture
def own_class(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    from my_package.model import MyModel

    yield MyModel
    for name in [name for name in sys.modules if name.partition(".")[0] == "my_package"]:
        del sys.modules[name]


def test_loss_metric_and_callback_did_their_part(folder):
    tables = [path.read_text() for path in (folder / "runs/mine/log").rglob("metrics.csv")]
    rows = [row for table in tables for row in csv.DictReader(table.splitlines())]
    assert [0 < float(row["val/mine"]) < 9 for row in rows if row.get("val/mine")] == [True, True]  # unclipped
    columns = {name for row in rows for name in row}
    assert {"train/known", "train/hole"} <= columns
    lines = (folder / "runs/mine/videos.txt").read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["1", "2", "3", "4"]  # went on counting after the resume
    assert all(re.fullmatch(r"\d stripes\d stripes\d", line) for line in lines)


def test_weights_come_back_with_their_arguments(folder, own_class):
    for file, width in (("mine", 6), ("sweep/0", 4), ("sweep/1", 8)):
        model = lgtsm.load_model(f"runs/{file}/generator.safetensors", model=own_class)
        assert model.layers[0].out_channels == width
    with pytest.raises(ValueError, match=r"my_package\.model\.MyModel.*load_model\(path, model=MyModel\)"):
        lgtsm.load_model("runs/mine/generator.safetensors")


def test_the_command_fills_as_the_model_does(folder, own_class):
    """--box 20,10,32,24 of the page; away from it the video stays, in it are the model's pixels."""
    model = lgtsm.load_model("runs/mine/generator.safetensors", model=own_class)
    with open_video("VIDEO.mp4", "pyav") as before, open_video("OUT.mp4", "pyav") as after:
        assert len(after) == len(before)
        given, filled = (torch.from_numpy(reader.read(range(4))).permute(0, 3, 1, 2) for reader in (before, after))
    hole = torch.zeros(1, 4, 1, *given.shape[2:])
    hole[..., 10:34, 20:52] = 1
    with torch.no_grad():
        expected = 255 * model(given[None] / 255, hole)["filled"][0].clamp(0, 1)
    inside, outside = (hole[0] > 0).expand_as(given), (hole[0] == 0).expand_as(given)
    error = (expected - filled).abs()
    assert error[inside].mean() < 8 < (given.float() - filled).abs()[inside].mean()  # lossy, and in bf16
    assert error[outside].mean() < 4


def test_the_program_of_the_page_runs(folder, own_class):
    scope = {}
    exec(PROGRAM, scope)
    assert 0 < scope["summary"].hole_share < 1 and Path("FILLED.mp4").stat().st_size > 1000
    again = lgtsm.load_model("again.safetensors", model=own_class)
    for key, value in scope["model"].state_dict().items():
        assert torch.equal(again.state_dict()[key], value)
