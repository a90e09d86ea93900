"""Every experiment one batch; the whole path once."""

import json

import cv2
import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

import lgtsm
from lgtsm.commands import evaluate, train
from lgtsm.config.folder import config_folder
from lgtsm.video.probe import probe

TINY = ["model.width=4", "discriminator.width=4", "height=16", "width=16", "num_frames=3", "batch_size=2",
        "hardware=cpu",
        "callbacks.progress=null", "data.num_workers=0", "evaluate=false"]  # fmt: skip
EXPERIMENTS = ["demo", "clips_lgtsm", "faceforensics_lgtsm", "fvi_lgtsm", "fvi_lgtsm_released", "fvi_lgtsm_paper",
               "faceforensics_gated3d"]  # fmt: skip


def composed(tmp_path, *overrides, name="train"):
    GlobalHydra.instance().clear()
    with initialize_config_dir(config_folder(), version_base="1.3"):
        return compose(name, [*overrides, f"paths.run={tmp_path}/run"])


@pytest.fixture
def data_root(tmp_path):
    """A folder that every data set finds its videos in."""
    rng = np.random.default_rng(0)
    for folder in ("Train/JPEGImages", "Test/JPEGImages", "Train/videos", "Test/videos"):
        for video in range(4):
            frames = tmp_path / "data" / folder / f"video{video}"
            frames.mkdir(parents=True)
            for t in range(13):
                cv2.imwrite(str(frames / f"{t:03d}.jpg"), rng.integers(0, 255, (24, 32, 3), dtype=np.uint8))
    return tmp_path / "data"


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_runs_one_batch_of_each_stage(tmp_path, data_root, experiment):
    root = [] if experiment == "demo" else [f"data.root={data_root}"]
    loss = ["data.num_workers=0", "loss=reconstruction", "data.held_out=0.3"][: 3 if experiment == "clips_lgtsm" else 2]
    config = composed(tmp_path, f"experiment={experiment}", "debug=one_batch", *TINY, *root, *loss)
    result = train.run(config)
    assert result["trainer"].global_step == 2
    assert result["module"].stage == "gan"


def test_the_whole_path(tmp_path):
    config = composed(tmp_path, "experiment=demo", *TINY[:-1], "max_steps=4", "steps_per_epoch=2",
                      "adversarial.start_step=3", "evaluate=true",
                      "trainer.log_every_n_steps=1")  # fmt: skip
    scores = train.run(config)["scores"]
    run = tmp_path / "run"
    assert set(scores) == {"mean-color", "temporal-copy", "demo"}
    report = json.loads((run / "evaluation" / "metrics.json").read_text())
    assert report["scores"]["demo"]["all"]["psnr_hole"]["mean"] == scores["demo"]["psnr_hole"]
    assert {"config.yaml", "generator.safetensors"} <= {p.name for p in run.iterdir()}
    assert {"report.md", "frames_0.png", "side_by_side.mp4"} <= {p.name for p in (run / "evaluation").iterdir()}
    assert probe(run / "evaluation" / "side_by_side.mp4").frames == 3 * 3
    assert len(list((run / "pictures").glob("step*_clip0.png"))) == 2
    assert "train/loss" in (run / "log" / "version_0" / "metrics.csv").read_text()
    assert torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["global_step"] == 4

    video, hole = torch.rand(1, 3, 3, 16, 16), (torch.rand(1, 3, 1, 16, 16) > 0.7).float()
    of_run = [
        lgtsm.Inpainter(run / name).fill(video, hole) for name in ("generator.safetensors", "checkpoints/last.ckpt")
    ]
    assert torch.equal(*of_run)

    evaluated = composed(tmp_path / "again", f"checkpoint={run}/generator.safetensors", *TINY[2:5], "precision=fp32",
                         name="evaluate")  # fmt: skip
    again = evaluate.run(evaluated)
    for key in ("psnr_hole", "ssim_hole", "mse"):
        assert again["network"][key] == pytest.approx(scores["demo"][key], rel=1e-5)
        assert again["temporal-copy"][key] == pytest.approx(scores["temporal-copy"][key], rel=1e-9)


def test_a_run_resumes_from_its_checkpoint_and_starts_from_weights(tmp_path, capsys):
    options = ["experiment=demo", *TINY, "steps_per_epoch=2", "adversarial.start_step=100",
               "+trainer.limit_val_batches=1"]  # fmt: skip
    train.run(composed(tmp_path, *options, "max_steps=2"))
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    resumed = train.run(composed(tmp_path / "b", *options, "max_steps=4", f"resume={last}"))
    assert resumed["trainer"].global_step == 4
    started = train.run(composed(tmp_path / "d", *options, "max_steps=1",
                                 f"init_from={tmp_path}/run/generator.safetensors",
                                 "optimizer.generator.lr=0"))  # fmt: skip
    expected = lgtsm.load_model(tmp_path / "run" / "generator.safetensors").state_dict()
    for key, value in started["module"].generator.state_dict().items():
        assert torch.equal(value, expected[key])
