"""Classes of one's own, by their names in a configuration: trained with, saved, loaded and filled with."""

import csv
import importlib
import os
import subprocess
import sys

import pytest
import torch

import lgtsm
from lgtsm.commands import evaluate, train
from lgtsm.config.build import ConfigError
from tests.end_to_end.composing import composed

PACKAGE = {
    "networks": """
import torch
from torch import nn

class Model(nn.Module):
    def __init__(self, width, kernel_size=3):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(4, width, kernel_size, padding="same"),
            nn.ReLU(),
            nn.Conv2d(width, 3, kernel_size, padding="same"),
        )

    def forward(self, video, hole):
        known = torch.cat([video * (1 - hole), hole], 2)
        predicted = self.layers(known.flatten(0, 1)).unflatten(0, video.shape[:2])
        return {"predicted": predicted, "filled": torch.where(hole > 0.5, predicted, video)}

class Counting(Model):
    def get_extra_state(self):
        return {1, 2, 3}
""",
    "rest": """
from pathlib import Path
import numpy as np
import pytorch_lightning as pl
import torch
from torch import nn
from torchmetrics import Metric
from lgtsm.training.inpainting_gan import InpaintingGAN

class Loss(nn.Module):
    def __init__(self, power):
        super().__init__()
        self.power = power

    def forward(self, output, video, hole):
        error = (output["predicted"] - video).abs().pow(self.power).mean()
        return 2 * error, {"mine": error}

class Videos:
    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def name(self, index):
        return f"mine{index}"

    def read_clip(self, index, num_frames, height, width, rng):
        return np.full((num_frames, height, width, 3), 20 * index, np.uint8)

class Brightness(Metric):
    def __init__(self):
        super().__init__()
        self.add_state("total", torch.tensor(0.0, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, filled, video, hole):
        self.total += video.double().mean((1, 2, 3, 4)).sum()
        self.count += len(video)

    def compute(self):
        return self.total / self.count

class Training(InpaintingGAN):
    def __init__(self, *args, dimmed=1.0, **options):
        super().__init__(*args, **options)
        self.dimmed = dimmed

    def training_step(self, batch, batch_index):
        self.log("train/dimmed", self.dimmed)
        return super().training_step(batch, batch_index)

class Note(pl.Callback):
    def __init__(self, file):
        self.file = Path(file)

    def on_train_batch_end(self, trainer, module, outputs, batch, index):
        with self.file.open("a") as file:
            file.write(f"{trainer.global_step} {batch['name'][0][:4]}\\n")

class Unplain(Note):
    def state_dict(self):
        return {"kept": object()}
""",
}
CONFIG = {
    "model/mine": "_target_: {package}.networks.Model\nwidth: 5\n",
    "loss/mine": "_target_: {package}.rest.Loss\npower: 2\n",
    "data/mine": """
defaults: [clips, _self_]
train_videos: {{_target_: {package}.rest.Videos, count: 4}}
validation_videos: {{_target_: {package}.rest.Videos, count: 3}}
""",
    "experiment/mine": """
# @package _global_
defaults:
  - override /model: mine
  - override /loss: mine
  - override /data: mine
  - override /discriminator: none
name: mine
num_frames: 3
height: 16
width: 16
batch_size: 2
steps_per_epoch: 2
average_decay: 0.5
validation_metrics:
  brightness: {{_target_: {package}.rest.Brightness}}
module:
  _target_: {package}.rest.Training
  dimmed: 0.25
callbacks:
  progress: null
  note: {{_target_: {package}.rest.Note, file: "${{paths.run}}/note.txt"}}
""",
}


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Write the package and its configuration; return the package's name, which is not imported yet."""
    package = f"mine_{tmp_path.name.replace('-', '_')}"
    for name, text in {"__init__": "", **PACKAGE}.items():
        path = tmp_path / "code" / package / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name, text in CONFIG.items():
        path = tmp_path / "conf" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(package=package).lstrip())
    monkeypatch.syspath_prepend(str(tmp_path / "code"))
    return package


def run_command(tmp_path, *words):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.run(
        [sys.executable, "-m", "lgtsm.train", "--config-dir", str(tmp_path / "conf"), "experiment=mine",
         f"paths.run={tmp_path}/run", "hardware=cpu", "precision=fp32",
         "trainer.log_every_n_steps=1", *words],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_trained_saved_loaded_and_filled_with(tmp_path, own):
    for words in (["max_steps=2"], ["max_steps=4", "resume=auto"]):
        result = run_command(tmp_path, *words)
        assert result.returncode == 0, result.stderr
    run = tmp_path / "run"
    assert (run / "note.txt").read_text().splitlines() == [f"{step} mine" for step in (1, 2, 3, 4)]
    logged = [path.read_text() for path in (run / "log").rglob("metrics.csv")]
    rows = [row for text in logged for row in csv.DictReader(text.splitlines())]
    brightness = [float(row["val/brightness"]) for row in rows if row.get("val/brightness")]
    assert brightness == pytest.approx([20 / 255] * 2)
    assert any(row.get("train/mine") for row in rows)
    assert {row["train/dimmed"] for row in rows if row.get("train/dimmed")} == {"0.25"}

    files = [run / "generator.safetensors", run / "checkpoints" / "last.ckpt", run / "checkpoints" / "step0000002.ckpt"]
    for file in files:
        with pytest.raises(ValueError, match=rf"{own}\.networks\.Model.*catalog"):
            lgtsm.load_model(file)
    assert own not in sys.modules  # not by loading, in any case

    model_class = importlib.import_module(f"{own}.networks").Model
    video, hole = torch.rand(1, 3, 3, 16, 16), (torch.rand(1, 3, 1, 16, 16) > 0.7).float()
    filled = []
    for file in files:
        model = lgtsm.load_model(file, model=model_class)
        assert type(model) is model_class and model.layers[0].out_channels == 5
        filled.append(lgtsm.Inpainter(model, precision="fp32").fill(video, hole))
        known = (hole == 0).expand_as(video)
        assert torch.equal(filled[-1][known], video[known])
    assert torch.equal(filled[0], filled[1])
    assert not torch.equal(filled[0], filled[2])

    # It is scored by the class that the configuration names, and refused without it.
    words = (
        f"checkpoint={files[0]}",
        "name=mine",
        "data.validation_videos.num_videos=2",
        f"paths.run={tmp_path}/scored",
    )
    network = f"network={{_target_: {own}.networks.Model, width: 5}}"
    scores = evaluate.run(composed("evaluate", *words, network))
    assert list(scores) == ["mean-color", "temporal-copy", "mine"] and scores["mine"]["mse_hole"] > 0
    by_name = evaluate.run(
        composed("evaluate", *words, f"network={own}.networks.Model", f"paths.run={tmp_path}/by_name")
    )  # its arguments are noted
    assert by_name["mine"] == scores["mine"]
    with pytest.raises(ValueError, match=r"network=my_package"):
        evaluate.run(composed("evaluate", *words))
    with pytest.raises(ValueError, match=rf"`network` names '{own}\.networks\.Modle', which cannot be imported"):
        evaluate.run(composed("evaluate", *words, f"network={own}.networks.Modle"))

    # The weights can begin another training, and be saved again as they are.
    lgtsm.save_model(lgtsm.load_model(files[0], model=model_class), tmp_path / "again.safetensors")
    config = mine(tmp_path, "max_steps=1", f"init_from={tmp_path}/again.safetensors", "optimizer.generator.lr=0")
    started = train.run(config)["module"].generator.state_dict()
    for key, value in lgtsm.load_model(files[0], model=model_class).state_dict().items():
        assert torch.equal(started[key], value)


def mine(tmp_path, *words):
    search = f"hydra.searchpath=[file://{tmp_path}/conf]"
    return composed("train", search, "experiment=mine", "hardware=cpu", f"paths.run={tmp_path}/other", *words)


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("model._target_={own}.networks.Counting", "model: .*Counting.*'_extra_state'"),
        ("callbacks.note._target_={own}.rest.Unplain", r"callbacks\.note: .*'kept'"),
        ("callbacks.note._target_={own}.networks.Model", r"callbacks\.note cannot"),
        ("data.train_videos._target_=fractions.Fraction ~data.train_videos.count",
         r"data\.train_videos .*VideoSource.*Fraction"),
        ("loss._target_=fractions.Fraction ~loss.power", "loss .*Module.*Fraction"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_known_at_the_start(tmp_path, own, words, key):
    config = mine(tmp_path, "max_steps=1", *words.format(own=own).split())
    with pytest.raises((ConfigError, ValueError), match=key):
        train.run(config)
    assert not (tmp_path / "other").exists()
