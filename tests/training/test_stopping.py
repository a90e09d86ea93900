"""A run resumes as if nothing had happened, however it ended."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch

from lgtsm.training.callbacks import BestCheckpoints, RunCheckpoints
from lgtsm.training.checkpoint_files import (
    CheckpointNotSavedError,
    DamagedCheckpointWarning,
    WholeCheckpointIO,
    find_damage,
    find_newest_whole,
    step_checkpoints,
)
from lgtsm.training.plateau import Plateau
from lgtsm.training.start import checkpoint_to_resume
from lgtsm.training.stop_signals import StoppedBySignal, StopSignals

OPTIONS = {"start_step": 5, "average_decay": 0.9}


class SendSignal(pl.Callback):
    def __init__(self, number, after):
        self.number, self.after = number, after

    def on_train_batch_start(self, trainer, module, batch, index):
        if module.batches_done == self.after - 1:
            os.kill(os.getpid(), self.number)


def assert_same_weights(a, b):
    for key, value in a.state_dict().items():
        assert torch.equal(value, b.state_dict()[key]), key


def test_a_run_killed_at_random_moments_ends_like_one_left_alone(tmp_path):
    script = Path(__file__).with_name("kill_at_random.py")
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(script.parents[2])}
    output = subprocess.run(
        [sys.executable, str(script), str(tmp_path), "4", "18"], env=environment, capture_output=True, text=True
    )
    assert output.returncode == 0, output.stderr
    happened = json.loads(output.stdout.splitlines()[-1])
    assert len(happened["newest_checkpoint_at_each_kill"]) >= 2
    assert any(happened["newest_checkpoint_at_each_kill"])
    assert happened["compared_tensors"] > 100
    assert happened["differences"] == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
@pytest.mark.parametrize("after", [2, 4, 6])  # in the middle and at the end of an epoch of four
def test_a_signal_stops_at_the_step_with_a_checkpoint(make_module, fit, tmp_path, number, after):
    whole = make_module(**OPTIONS)
    _, uninterrupted = fit(whole, 9)
    handlers = [signal.getsignal(watched) for watched in (signal.SIGTERM, signal.SIGUSR1)]
    folder = tmp_path / "checkpoints"
    callbacks = [RunCheckpoints(folder, every_steps=1000), SendSignal(number, after)]
    with pytest.raises(StoppedBySignal, match=rf"{number.name} after step {after}; .*resume=auto paths.run="):
        fit(make_module(**OPTIONS), 9, callbacks=callbacks, plugins=[WholeCheckpointIO()])
    assert [signal.getsignal(watched) for watched in (signal.SIGTERM, signal.SIGUSR1)] == handlers
    newest = checkpoint_to_resume("auto", tmp_path)
    assert torch.load(newest, weights_only=True)["global_step"] == after
    resumed = make_module(**OPTIONS)
    _, recorder = fit(resumed, 9, resume=newest)
    assert recorder.losses == uninterrupted.losses[after:]
    assert_same_weights(whole, resumed)


def test_a_signal_from_before_the_training_stops_it_after_one_step(make_module, fit, tmp_path):
    checkpoints = RunCheckpoints(tmp_path / "checkpoints")
    with StopSignals() as checkpoints.earlier:
        os.kill(os.getpid(), signal.SIGUSR1)
        with pytest.raises(StoppedBySignal, match="SIGUSR1 after step 1;"):
            fit(make_module(), 5, callbacks=[checkpoints])
        os.kill(os.getpid(), signal.SIGUSR1)  # a second signal afterwards does no harm
    assert (tmp_path / "checkpoints" / "step0000001.ckpt").is_file()


def test_checkpoints_come_every_so_many_steps_and_the_newest_are_kept(make_module, fit, tmp_path):
    fit(make_module(), 9, callbacks=[RunCheckpoints(tmp_path / "c", every_steps=2, keep=2)])
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == [
        "last.ckpt", "step0000008.ckpt", "step0000009.ckpt",
    ]  # fmt: skip
    assert (tmp_path / "c" / "last.ckpt").samefile(tmp_path / "c" / "step0000009.ckpt")


def test_an_attempt_that_begins_earlier_puts_the_later_checkpoints_aside(make_module, fit, tmp_path):
    folder = tmp_path / "checkpoints"
    fit(make_module(), 8, callbacks=[RunCheckpoints(folder, every_steps=2, keep=9)])
    (folder / "best_step0000007.ckpt").write_bytes((folder / "step0000006.ckpt").read_bytes())
    (folder / ".123.last.ckpt").write_bytes(b"cut off")
    fit(make_module(), 5, resume=folder / "step0000002.ckpt", callbacks=[RunCheckpoints(folder, every_steps=2, keep=2)])
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    assert names == ["last.ckpt", "step0000004.ckpt", "step0000005.ckpt"]
    assert checkpoint_to_resume("auto", tmp_path) == str(folder / "step0000005.ckpt")
    assert sorted(path.name for path in (folder / "abandoned").iterdir()) == [
        "best_step0000007.ckpt", "step0000004.ckpt", "step0000006.ckpt", "step0000008.ckpt",
    ]  # fmt: skip


@pytest.mark.parametrize("mode", ["max", "min"])
def test_the_best_are_remembered_when_the_folder_has_moved(make_module, make_data, fit, tmp_path, mode):
    def best(folder):
        return BestCheckpoints(folder, "best_step{step}", monitor="val/psnr_hole", mode=mode, save_top_k=2)

    def names(folder):
        return sorted(path.name for path in folder.iterdir())

    def train(folder, steps, **options):
        callback = best(folder)
        fit(make_module(), steps, make_data(steps_per_epoch=1), callbacks=[callback], **options)
        return callback

    train(tmp_path / "old", 4)
    shutil.copytree(tmp_path / "old", tmp_path / "new")
    newest = max((tmp_path / "old").iterdir(), key=lambda path: path.stat().st_mtime)
    start = shutil.copy(newest, tmp_path / "start.ckpt")  # Lightning keeps the checkpoint that a run started from
    stayed = train(tmp_path / "old", 8, resume=start)
    moved = train(tmp_path / "new", 8, resume=start)
    assert names(tmp_path / "old") == names(tmp_path / "new")
    assert Path(stayed.best_model_path).name == Path(moved.best_model_path).name
    assert stayed.best_model_score == moved.best_model_score
    elsewhere = train(tmp_path / "elsewhere", 8, resume=start)
    assert Path(elsewhere.best_model_path).parent == tmp_path / "elsewhere"


def test_steps_are_ordered_by_number(tmp_path):
    for step in (9_999_999, 10_000_000):
        (tmp_path / f"step{step:07d}.ckpt").touch()
    assert [step for step, _ in step_checkpoints(tmp_path)] == [9_999_999, 10_000_000]


@pytest.mark.parametrize("damage", ["truncated", "changed", "empty"])
def test_a_damaged_newest_checkpoint_is_noticed_and_the_one_before_taken(make_module, fit, tmp_path, damage):
    folder = tmp_path / "checkpoints"
    fit(make_module(), 6, callbacks=[RunCheckpoints(folder, every_steps=3, keep=3)])
    newest, before = folder / "step0000006.ckpt", folder / "step0000003.ckpt"
    assert find_newest_whole(folder) == newest
    content = bytearray(newest.read_bytes())
    if damage == "changed":
        content[len(content) // 2] ^= 1
    newest.write_bytes(content[: {"truncated": len(content) // 2, "empty": 0}.get(damage, len(content))])
    with pytest.warns(DamagedCheckpointWarning, match=r"step0000006.ckpt is damaged"):
        assert checkpoint_to_resume("auto", tmp_path) == str(before)
    before.unlink()
    with (
        pytest.warns(DamagedCheckpointWarning),
        pytest.raises(ValueError, match=r" 1 checkpoints in .* damaged"),
    ):
        checkpoint_to_resume("auto", tmp_path)


def test_a_full_disk_leaves_the_old_checkpoint_whole(make_module, fit, tmp_path):
    """A file size limit makes the write fail halfway, like a full disk."""
    trainer, _ = fit(make_module(), 1, plugins=[WholeCheckpointIO()])
    path = tmp_path / "checkpoints" / "step0000001.ckpt"
    trainer.save_checkpoint(path)
    old = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(old) // 2, limits[1]))
    try:
        with pytest.raises(CheckpointNotSavedError, match=r"step0000001.ckpt .* resume=auto"):
            trainer.save_checkpoint(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == old
    assert find_damage(path) is None
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_resume_names_what_is_not_there(tmp_path):
    assert checkpoint_to_resume(None, tmp_path) is None
    assert checkpoint_to_resume("auto", tmp_path) is None
    with pytest.raises(FileNotFoundError, match=r"nowhere\.ckpt"):
        checkpoint_to_resume("nowhere.ckpt", tmp_path)


def test_a_checkpoint_never_runs_code(make_module, fit, tmp_path):
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "sprung",)

    trainer, _ = fit(make_module(), 1)
    trainer.save_checkpoint(tmp_path / "run.ckpt")
    checkpoint = torch.load(tmp_path / "run.ckpt", weights_only=True)
    torch.save(checkpoint | {"trap": Trap()}, tmp_path / "run.ckpt")
    with pytest.raises(ValueError, match=r"never executed"):
        fit(make_module(), 2, resume=tmp_path / "run.ckpt", plugins=[WholeCheckpointIO()])
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("num_workers", [0, 1])
def test_random_numbers_of_the_step_go_on_too(make_module, make_data, fit, tmp_path, num_workers):
    def with_dropout():
        module = make_module(discriminator=None)
        module.generator.layers.conv11.register_forward_hook(
            lambda layer, given, out: torch.nn.functional.dropout(out, 0.5, module.training)
        )
        return module

    torch.manual_seed(5)
    whole = with_dropout()
    _, uninterrupted = fit(whole, 7, make_data(num_workers=num_workers))
    torch.manual_seed(5)
    trainer, first = fit(with_dropout(), 3, make_data(num_workers=num_workers))
    trainer.save_checkpoint(tmp_path / "stopped.ckpt")
    torch.manual_seed(99)
    resumed = with_dropout()
    _, second = fit(resumed, 7, make_data(num_workers=num_workers), resume=tmp_path / "stopped.ckpt")
    assert first.losses + second.losses == uninterrupted.losses
    assert_same_weights(whole, resumed)


def test_a_plateau_starts_the_gan_and_is_remembered(make_module, fit, make_data, tmp_path):
    def module():
        # With a rate of zero, validation stops improving after the first time.
        return make_module(
            start_step=1000,
            start_plateau=Plateau(patience=2),
            generator_schedule=lambda optimizer: torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.0),
        )

    whole = module()
    trainer, _ = fit(whole, 7, data=make_data(steps_per_epoch=2))
    assert whole.adversarial.plateau.reached_at == 6
    assert whole.stage == "gan"
    assert "train/score_real" in trainer.callback_metrics
    first = module()
    trainer, _ = fit(first, 4, data=make_data(steps_per_epoch=2))
    assert first.stage == "pretrain"
    trainer.save_checkpoint(tmp_path / "stopped.ckpt")
    resumed = module()
    fit(resumed, 7, data=make_data(steps_per_epoch=2), resume=tmp_path / "stopped.ckpt")
    assert resumed.adversarial.state_dict() == whole.adversarial.state_dict()
    assert_same_weights(whole, resumed)


@pytest.mark.parametrize("mode", ["max", "min"])
def test_plateau_counts_validations_without_a_better_score(mode):
    plateau = Plateau("score", mode, patience=2, least_change=0.5)
    sign = 1 if mode == "max" else -1
    reached = []
    for step, value in enumerate([1.0, 2.0, 2.4, 2.6, 2.7, 2.8, 9.0]):
        plateau.update({"score": torch.tensor(sign * value)}, step)
        reached.append(plateau.reached_at is not None)
    assert reached == [False, False, False, False, False, True, True]
    assert plateau.reached_at == 5
    with pytest.raises(ValueError, match=r"'score'.* other"):
        plateau.update({"other": torch.tensor(1.0)}, 9)
