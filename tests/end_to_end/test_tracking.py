"""What the loggers are given, read back from what they keep."""

import csv
import json

import pytest
import wandb

from lgtsm.commands import plot, train
from lgtsm.training.log import read_log
from lgtsm.video.probe import probe
from tests.end_to_end.composing import composed
from tests.reference.wandb_file import read_records

TINY = ["experiment=demo", "model.width=4", "discriminator.width=4", "height=16", "width=16", "num_frames=3",
        "batch_size=2", "callbacks.progress=null", "data.num_workers=0", "evaluate=false", "steps_per_epoch=2",
        "adversarial.start_step=2", "+trainer.limit_val_batches=1", "trainer.log_every_n_steps=1"]  # fmt: skip


@pytest.fixture
def wandb_here(tmp_path, monkeypatch):
    """Let the real package keep everything below tmp_path, and say nothing."""
    for name in ("WANDB_DATA_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("WANDB_X_DISABLE_STATS", "true")


def history(records):
    rows = [r.history.item for r in records if r.WhichOneof("record_type") == "history"]
    return [{item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in row} for row in rows]


def test_weights_and_biases_offline_keeps_everything_on_this_machine(tmp_path, wandb_here):
    options = ["logger=wandb", "logger.wandb.offline=true", "logger.wandb.log_model=true", f"paths.run={tmp_path}/run"]
    train.run(composed("train", *TINY, *options, "max_steps=4"))
    wandb.teardown()  # its own process writes the last records
    (folder,) = (tmp_path / "run" / "wandb").glob("offline-run-*")
    (file,) = folder.glob("*.wandb")
    records = read_records(file)

    # Scalars: those of the csv, with the stage.
    logged = {row["trainer/global_step"]: row["train/loss"] for row in history(records) if "train/loss" in row}
    ours = read_log(tmp_path / "run")
    assert logged == dict(zip(*(column.tolist() for column in ours.columns["train/loss"])))
    assert [row["train/stage"] for row in history(records) if "train/stage" in row] == [0, 0, 1, 1]

    # The whole configuration.
    (config,) = [{u.key: json.loads(u.value_json) for u in r.config.update} for r in records if r.HasField("config")]
    assert config["model"]["width"] == 4
    assert config["adversarial"]["start_step"] == 2

    # Two validations of two clips each, as pictures and as videos of input, filled and target beside each other.
    assert len(list(folder.glob("files/media/images/clips/*.png"))) == 4
    videos = list(folder.glob("files/media/videos/videos/*.mp4"))
    assert len(videos) == 4
    assert (probe(videos[0]).frames, probe(videos[0]).width, probe(videos[0]).height) == (3, 3 * 16, 16 + 16)
    assert sum("videos/0/videos" in row for row in history(records)) == 2

    # The best checkpoint as an artifact, to be uploaded later.
    (artifact,) = [r.artifact for r in records if r.HasField("artifact")]
    (entry,) = artifact.manifest.contents
    assert artifact.type == "model"
    assert "best" in artifact.aliases
    (best,) = (tmp_path / "run" / "checkpoints").glob("best*.ckpt")
    assert entry.size == best.stat().st_size

    # The same folder goes on as the same run of Weights & Biases.
    train.run(composed("train", *TINY, *options, "max_steps=6", "resume=auto"))
    wandb.teardown()
    runs = [read_records(path) for path in (tmp_path / "run" / "wandb").glob("offline-run-*/*.wandb")]
    ids = [r.run.run_id for records in runs for r in records if r.HasField("run")]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_a_training_without_a_service_is_drawn_from_all_its_starts(tmp_path, capsys):
    options = [*TINY, f"paths.run={tmp_path}/run", "optimizer.generator.lr=0.001"]
    train.run(composed("train", *options, "max_steps=3"))
    train.run(composed("train", *options, "max_steps=6", "resume=auto"))
    log = read_log(tmp_path / "run")
    assert log.starts == 2
    assert log.columns["train/loss"][0].tolist() == [0, 1, 2, 3, 4, 5]
    assert log.gan_step == 2
    # The first start's file is as it was.
    with (tmp_path / "run" / "log" / "version_0" / "metrics.csv").open(newline="") as file:
        first = [row for row in csv.DictReader(file) if row["train/loss"]]
    assert [float(row["train/loss"]) for row in first] == log.columns["train/loss"][1][:3].tolist()
    assert {"speed/frames_per_second", "speed/peak_memory_mib", "speed/hours_left"} <= set(log.columns)
    plot.main([str(tmp_path / "run")])
    assert "logged to step 5 in 2 starts, GAN from step 2" in capsys.readouterr().out
    assert probe_png(tmp_path / "run" / "curves.png") > (800, 400)


def probe_png(path):
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def test_tensorboard_has_scalars_pictures_and_the_configuration(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train.run(composed("train", *TINY, "logger=tensorboard", f"paths.run={tmp_path}/run", "max_steps=4"))
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard")).Reload()
    ours = read_log(tmp_path / "run").columns["train/loss"]
    assert [(e.step, e.value) for e in events.Scalars("train/loss")] == list(zip(*(column.tolist() for column in ours)))
    assert [(e.step, e.width) for e in events.Images("clips/1")] == [(2, 3 * 16), (4, 3 * 16)]
    assert "width: 4" in (tmp_path / "run" / "tensorboard" / "hparams.yaml").read_text()
