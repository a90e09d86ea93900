"""Sweeps: each run gives back its score and has a folder and a name of its own."""

import os
import subprocess
import sys

import pytest
import yaml

from lgtsm.training.log import read_log

TINY = (
    "experiment=demo", "hardware=cpu", "precision=fp32", "max_steps=2", "steps_per_epoch=2", "height=16", "width=16",
    "num_frames=3", "model.width=4", "discriminator.width=4", "data.num_workers=0", "evaluate=false",
    "callbacks.progress=null", "callbacks.pictures=null", "+trainer.enable_progress_bar=false",
    "data.validation_videos.num_videos=2", "hydra.sweep.dir=sweep",
)  # fmt: skip


def sweep(folder, *words):
    return subprocess.run(
        [sys.executable, "-m", "lgtsm.train", "-m", *TINY, *words],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def scores(folder, number):
    return read_log(folder / "sweep" / str(number)).columns["val/psnr_hole"][1].tolist()


def test_three_runs_of_the_basic_sweeper(tmp_path):
    result = sweep(tmp_path, "optimizer.generator.lr=1e-4,1e-3,1e-2", "logger=wandb", "logger.wandb.offline=true")
    assert result.returncode == 0, result.stderr
    assert sorted(path.name for path in (tmp_path / "sweep").iterdir()) == ["0", "1", "2", "multirun.yaml"]
    configs = [yaml.safe_load((tmp_path / "sweep" / str(k) / "config.yaml").read_text()) for k in range(3)]
    assert [config["optimizer"]["generator"]["lr"] for config in configs] == [1e-4, 1e-3, 1e-2]
    assert [config["logger"]["wandb"]["name"] for config in configs] == ["demo 0", "demo 1", "demo 2"]
    assert {config["logger"]["wandb"]["group"] for config in configs} == {"demo sweep"}
    assert len({(tmp_path / "sweep" / str(k) / "wandb_id.txt").read_text() for k in range(3)}) == 3
    assert len({tuple(scores(tmp_path, k)) for k in range(3)}) == 3
    assert not (tmp_path / "runs").exists()


def test_three_runs_of_optuna(tmp_path):
    optuna = ("hydra/sweeper=optuna", "hydra.sweeper.direction=maximize", "hydra.sweeper.n_trials=3")
    result = sweep(tmp_path, *optuna, "optimizer.generator.lr=tag(log, interval(0.0001, 0.01))")
    assert result.returncode == 0, result.stderr
    found = yaml.safe_load((tmp_path / "sweep" / "optimization_results.yaml").read_text())
    best = max(range(3), key=lambda number: scores(tmp_path, number))
    assert found["best_value"] == scores(tmp_path, best)[-1]
    config = yaml.safe_load((tmp_path / "sweep" / str(best) / "config.yaml").read_text())
    assert found["best_params"] == {"optimizer.generator.lr": config["optimizer"]["generator"]["lr"]}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["steps_per_epoch=5"], "which follows 5 steps (steps_per_epoch), but each run ends after 2 (max_steps). Set"),
        (["optimized_metric=train/nope"], "must name a value that the run logs (train/gradient_norm_generator, train/"),
    ],
)
def test_optuna_needs_a_value_that_is_there(tmp_path, words, sentence):
    optuna = ("hydra/sweeper=optuna", "hydra.sweeper.n_trials=1", "optimizer.generator.lr=interval(0.0001, 0.01)")
    result = sweep(tmp_path, *optuna, *words)
    assert result.returncode == 2
    assert sentence in result.stderr.strip().splitlines()[-1] and "Traceback" not in result.stderr
