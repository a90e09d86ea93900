"""The training precision of a run."""

import re

import pytest
import yaml

from lgtsm.commands import train
from lgtsm.precision import Choice
from lgtsm.training import precision
from lgtsm.training.precision import in_several_processes, short_name, training_device, training_precision
from tests.end_to_end.composing import composed

TINY = ["experiment=demo", "model.width=4", "discriminator.width=4", "height=16", "width=16", "num_frames=3",
        "batch_size=2", "callbacks.progress=null", "callbacks.pictures=null", "data.num_workers=0", "evaluate=false",
        "steps_per_epoch=2", "+trainer.limit_val_batches=1"]  # fmt: skip


@pytest.fixture
def choose(monkeypatch):
    """Return set(name), which fixes the choice from now on and returns the list of (device, trial) requests."""

    def choose(name):
        asked = []
        monkeypatch.setattr(
            precision, "choose_precision", lambda device, trial: asked.append((device, trial)) or Choice(name, "a test")
        )
        return asked

    return choose


def recorded(run):
    config = yaml.safe_load((run / "config.yaml").read_text())
    return config["precision"], config["trainer"]["precision"]


@pytest.mark.parametrize(("name", "lightning"), [("fp32", "32-true"), ("bf16", "bf16-mixed")])
def test_what_is_chosen_is_said_recorded_and_used(tmp_path, choose, capsys, name, lightning):
    asked = choose(name)
    result = train.run(composed("train", *TINY, "max_steps=1", f"paths.run={tmp_path}"))
    assert asked == [("cpu", True)]
    assert capsys.readouterr().out.count(f"precision {name}: a test") == 1
    assert recorded(tmp_path) == (name, lightning)
    assert result["trainer"].precision == lightning


def test_a_resumed_run_keeps_its_precision_unless_it_is_told_otherwise(tmp_path, choose, capsys):
    choose("bf16")
    train.run(composed("train", *TINY, "max_steps=1", f"paths.run={tmp_path}/run", "resume=auto"))
    assert "precision bf16: a test" in capsys.readouterr().out  # nothing to resume yet
    choose("fp32")
    train.run(composed("train", *TINY, "max_steps=2", f"paths.run={tmp_path}/run", "resume=auto"))
    said = capsys.readouterr().out
    assert re.search(f"precision bf16: .*{re.escape(str(tmp_path))}/run/config.yaml", said)
    assert recorded(tmp_path / "run") == ("bf16", "bf16-mixed")
    last = f"resume={tmp_path}/run/checkpoints/last.ckpt"
    train.run(composed("train", *TINY, "max_steps=3", f"paths.run={tmp_path}/other", last))
    assert recorded(tmp_path / "other") == ("bf16", "bf16-mixed")
    train.run(composed("train", *TINY, "max_steps=3", f"paths.run={tmp_path}/run", "resume=auto", "precision=fp32"))
    assert recorded(tmp_path / "run") == ("fp32", "32-true")


@pytest.mark.parametrize(
    ("config", "kept"),
    [
        ("trainer: {precision: bf16-mixed}", "bf16-mixed"),
        ("trainer: {precision: 64-true}", "64-true"),
        ("trainer: {precision: 16-mixed}", "32-true"),  # a CPU has none
        ("trainer: {precision: auto}", "32-true"),
        ("trainer: 1", "32-true"),
        ("[broken", "32-true"),
        (None, "32-true"),
    ],
)
def test_what_a_run_folder_says_is_kept_where_it_can_be(tmp_path, choose, config, kept):
    choose("fp32")
    if config is not None:
        (tmp_path / "config.yaml").write_text(config)
    trainer = {"precision": "auto", "accelerator": "cpu", "devices": 1}
    assert training_precision(trainer, tmp_path / "checkpoints" / "last.ckpt")[0] == kept


@pytest.mark.parametrize(
    ("asked", "given"), [("fp16", "16-mixed"), ("bf16-mixed", "bf16-mixed"), ("64-true", "64-true"), (None, None)]
)
def test_a_named_precision_is_taken_without_a_word(asked, given):
    assert training_precision({"precision": asked}, "no/such/checkpoint") == (given, None)


def test_processes_of_one_run_choose_alike(choose, monkeypatch):
    asked = choose("bf16")
    training_precision({"precision": "auto", "accelerator": "cpu", "devices": 2})
    training_precision({"precision": "auto", "accelerator": "cpu", "devices": 1, "num_nodes": 2})
    monkeypatch.setenv("WORLD_SIZE", "2")
    training_precision({"precision": "auto", "accelerator": "cpu", "devices": 1})
    assert asked == [("cpu", False)] * 3
    monkeypatch.delenv("WORLD_SIZE")
    assert not in_several_processes({"devices": [1]})


@pytest.mark.parametrize(
    ("trainer", "cuda", "mps", "device"),
    [
        ({"accelerator": "cpu"}, True, False, "cpu"),
        ({"accelerator": "gpu", "devices": -1}, True, False, "cuda"),
        ({"accelerator": "gpu", "devices": [1]}, True, False, "cuda:1"),
        ({"accelerator": "gpu"}, False, True, "mps"),
        ({}, False, False, "cpu"),
    ],
)
def test_the_device_is_the_one_that_lightning_takes(monkeypatch, trainer, cuda, mps, device):
    monkeypatch.setattr("torch.cuda.is_available", lambda: cuda)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: mps)
    assert training_device(trainer) == device


def test_names_for_people():
    names = [short_name(name) for name in ("32-true", "bf16-mixed", "64-true", None)]
    assert names == ["fp32", "bf16", "64-true", None]
