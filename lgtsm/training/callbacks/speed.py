"""How fast a run is, what memory it takes, and how long it has to go."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
import torch

from lgtsm.checks import check_positive
from lgtsm.memory_meter import peak_memory

STAGES = ("pretrain", "gan")


class Speed(pl.Callback):
    """Log clips and frames a second, seconds a step, peak memory, and the hours that are left of the whole run.

    Steps are timed in blocks of `trainer.log_every_n_steps`, from the end of one batch to the end of another, waiting
    for data included and validation left out; the median over the last blocks of a stage counts. What is left is the
    steps to come of each stage at its own time a step, and the validations to come at the median time of one. Until
    the GAN stage has been timed, one of its steps is taken to last `gan_factor` times as long as one before it, and
    the stage to begin at `adversarial.start_step`, also where a plateau may let it begin earlier. A resumed run begins
    with the times of the one before.

    Lightning's ThroughputMonitor waits for the GPU at every step, gives means, which one slow step pulls down, and
    knows no end of the run.

    Args:
        window: blocks that the median is taken over.
        gan_factor: see above. By operations it is 1.3 with the paper's networks, discriminator first.
        clock: seconds, rising.
    """

    def __init__(self, window: int = 20, gan_factor: float = 1.4, clock: Callable[[], float] = time.perf_counter):
        check_positive("window", window)
        check_positive("gan_factor", gan_factor)
        self.gan_factor = gan_factor
        self._clock = clock
        self._blocks = {stage: deque(maxlen=window) for stage in STAGES}  # seconds a step
        self._validations: deque[float] = deque(maxlen=window)
        self._before: dict[str, float] = {}  # medians of the run that this one goes on with
        self._block: dict[str, Any] | None = None
        self._paused_at: float | None = None
        self._stage = STAGES[0]

    def seconds_per_step(self, stage: str) -> float | None:
        """Return the median seconds a step of a stage, measured or taken, or None before the first block."""
        if self._blocks[stage]:
            return statistics.median(self._blocks[stage])
        if stage in self._before:
            return self._before[stage]
        pretrain = self.seconds_per_step("pretrain") if stage == "gan" else None
        return None if pretrain is None else pretrain * self.gan_factor

    def seconds_left(self, trainer: pl.Trainer, module: pl.LightningModule) -> float | None:
        """Return how long the run still takes, or None where that cannot be told yet."""
        left = trainer.max_steps - trainer.global_step
        if trainer.max_steps < 0 or self.seconds_per_step(module.stage) is None:
            return None
        pretrain = 0
        if module.stage == "pretrain":
            pretrain = left if module.discriminator is None else module.adversarial.start_step - module.batches_done
            pretrain = min(left, max(0, pretrain))
        total = 0.0
        for stage, steps in (("pretrain", pretrain), ("gan", left - pretrain)):
            total += steps * self.seconds_per_step(stage) if steps else 0.0
        between = (trainer.val_check_batch or float("inf")) * (trainer.check_val_every_n_epoch or 1)
        validations = trainer.max_steps // between - trainer.global_step // between
        return total + validations * self._seconds_per_validation()

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Begin anew: nothing is known about the time before."""
        self._block = self._paused_at = None

    def on_train_batch_start(self, trainer: pl.Trainer, module: pl.LightningModule, batch: Any, index: int) -> None:
        """Note the stage, and end the pause of a validation."""
        self._stage = module.stage
        if self._paused_at is not None:
            pause = self._clock() - self._paused_at
            self._validations.append(pause)
            if self._block is not None:
                self._block["began"] += pause
            self._paused_at = None

    def on_validation_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Begin a pause."""
        if not trainer.sanity_checking:
            _wait(module.device)
            self._paused_at = self._clock()

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Any, index: int
    ) -> None:
        """End a block of steps where one is full."""
        block = self._block
        if block is None or block["stage"] != self._stage:
            # A stage's first step also sets up kernels and memory; timing begins after it.
            self._begin_block(trainer, module)
            return
        clips, frames = batch["video"].shape[:2]
        block["clips"] += clips
        block["frames"] += clips * frames
        steps = trainer.global_step - block["step"]
        if steps == 0 or trainer.global_step % trainer.log_every_n_steps:
            return
        _wait(module.device)
        seconds = self._clock() - block["began"]
        self._blocks[self._stage].append(seconds / steps)
        per_step = self.seconds_per_step(self._stage)
        values = {
            "speed/clips_per_second": trainer.world_size * block["clips"] / steps / per_step,
            "speed/frames_per_second": trainer.world_size * block["frames"] / steps / per_step,
            "speed/seconds_per_step": per_step,
        }
        if (memory := peak_memory(module.device)) is not None:
            values["speed/peak_memory_mib"] = memory
        if (left := self.seconds_left(trainer, module)) is not None:
            values["speed/hours_left"] = left / 3600
        for logger in trainer.loggers:
            # The step that Lightning logs what the training step logs at, as its own LearningRateMonitor does.
            logger.log_metrics(values, step=trainer.fit_loop.epoch_loop._batches_that_stepped)
        self._begin_block(trainer, module)

    def state_dict(self) -> dict[str, Any]:
        """Return the times as plain numbers."""
        known = {
            stage: self.seconds_per_step(stage) for stage in STAGES if self._blocks[stage] or stage in self._before
        }
        return {"seconds_per_step": known, "seconds_per_validation": self._seconds_per_validation()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up the times of the run that this one goes on with, until there are new ones."""
        self._before = dict(state["seconds_per_step"], validation=state["seconds_per_validation"])

    def _seconds_per_validation(self) -> float:
        return statistics.median(self._validations) if self._validations else self._before.get("validation", 0.0)

    def _begin_block(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        _wait(module.device)
        self._block = {
            "stage": self._stage,
            "began": self._clock(),
            "step": trainer.global_step,
            "clips": 0,
            "frames": 0,
        }


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
