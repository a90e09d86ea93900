"""Write checkpoints that a run can resume from, however it ended."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Checkpoint

from lgtsm.checks import check_positive
from lgtsm.training.checkpoint_files import step_checkpoints
from lgtsm.training.stop_signals import StoppedBySignal, StopSignals
from lgtsm.whole_files import whole_file


class RunCheckpoints(Checkpoint):
    """Write `stepN.ckpt` at regular steps, at the end, and when SIGTERM or SIGUSR1 asks the run to stop.

    `last.ckpt` is always the newest. A checkpoint due at the last batch of an epoch is written after the validation, so
    that a resumed run does not skip it; on a signal it is also written before, in case the validation takes too long.
    Checkpoints beyond the step that a run starts from belong to another attempt and move to `abandoned`.

    Lightning's ModelCheckpoint keeps the best ones, but complains about steps under manual optimization and ignores
    signals.

    Args:
        folder: where the checkpoints go.
        every_steps: steps between two checkpoints.
        keep: how many of the newest to keep; two leave one if the newest is damaged.
    """

    def __init__(self, folder: str | Path, every_steps: int = 1000, keep: int = 2):
        check_positive("every_steps", every_steps)
        check_positive("keep", keep)
        self.folder = Path(folder)
        self.every_steps = every_steps
        self.keep = keep
        self.earlier: StopSignals | None = None  # signals from before the training
        self._signals = StopSignals()
        self._saved_step: int | None = None
        self._stopping = False

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Replace Lightning's signal handlers, which exchange messages between processes right away."""
        self._signals.watch()
        self._signals.received = None if self.earlier is None else self.earlier.received
        self._saved_step = trainer.global_step
        if trainer.is_global_zero and self.folder.is_dir():
            for unfinished in self.folder.glob(".*.ckpt"):
                unfinished.unlink()
            for step, path in step_checkpoints(self.folder):
                if step > trainer.global_step:
                    (self.folder / "abandoned").mkdir(exist_ok=True)
                    path.replace(self.folder / "abandoned" / path.name)

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Any, index: int
    ) -> None:
        """Write a checkpoint if one is due; stop if asked to."""
        stop = trainer.strategy.reduce_boolean_decision(self._signals.received is not None, all=False)
        ends_epoch = index + 1 >= trainer.num_training_batches
        if stop or (self._is_due(trainer) and not ends_epoch):
            self._save(trainer)
        if stop and not ends_epoch:
            self._stop(trainer)
        self._stopping = stop

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Write the checkpoint that the epoch's last batch, or a signal during it, left pending."""
        if self._stopping or self._is_due(trainer):
            self._save(trainer)
        if self._stopping and trainer.global_step < trainer.max_steps:
            self._stop(trainer)

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Write the final state."""
        if self._saved_step != trainer.global_step:
            self._save(trainer)
        self._signals.unwatch()

    def on_exception(self, trainer: pl.Trainer, module: pl.LightningModule, exception: BaseException) -> None:
        """Stop listening for signals."""
        self._signals.unwatch()

    def _is_due(self, trainer: pl.Trainer) -> bool:
        return trainer.global_step % self.every_steps == 0 and self._saved_step != trainer.global_step

    def _path(self, step: int) -> Path:
        return self.folder / f"step{step:07d}.ckpt"

    def _save(self, trainer: pl.Trainer) -> None:
        self._saved_step = trainer.global_step
        path = self._path(trainer.global_step)
        trainer.save_checkpoint(path, weights_only=False)  # with optimizers
        if not trainer.is_global_zero:
            return
        with whole_file(self.folder / "last.ckpt") as temporary:
            temporary.unlink(missing_ok=True)  # never write through an old link
            try:
                os.link(path, temporary)
            except OSError:  # a file system without hard links
                shutil.copyfile(path, temporary)
        kept = [path for _, path in step_checkpoints(self.folder) if path.stem.startswith("step")]
        for old in kept[: -self.keep]:
            old.unlink()

    def _stop(self, trainer: pl.Trainer) -> None:
        by = self._signals.received or "a signal to another process"
        sentence = (
            f"Stopped by {by} after step {trainer.global_step}; the checkpoint is {self._path(trainer.global_step)}. "
            f"To continue, run the same command with resume=auto paths.run={self.folder.parent}."
        )
        if trainer.is_global_zero:
            print(sentence, flush=True)
        raise StoppedBySignal(sentence)
