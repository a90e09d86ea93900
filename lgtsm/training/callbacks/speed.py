"""Measure a run's speed, memory and time left."""

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
    """Log clips and frames per second, seconds per step, peak memory, and the hours left in the whole run.

    Steps are timed in blocks of `trainer.log_every_n_steps`, including waits for data but not validation; the median
    over a stage's last blocks counts. The time left is the remaining steps of each stage at its own pace, plus the
    remaining validations at their median time. The GAN stage is assumed to start at `adversarial.start_step`, even if a
    plateau may start it earlier. A resumed run starts with the times of the previous one.

    Lightning's ThroughputMonitor waits for the GPU at every step, returns means, which one slow step distorts, and does
    not know the time left.

    Args:
        window: blocks in the median.
        gan_factor: until the GAN stage has been timed, assume that its steps take this many times as long as those
            before. Counting operations, it is 1.3 with the paper's networks, discriminator first.
        clock: monotonic, in seconds.
    """

    def __init__(self, window: int = 20, gan_factor: float = 1.4, clock: Callable[[], float] = time.perf_counter):
        check_positive("window", window)
        check_positive("gan_factor", gan_factor)
        self.gan_factor = gan_factor
        self._clock = clock
        self._blocks: dict[str, deque[float]] = {stage: deque(maxlen=window) for stage in STAGES}  # seconds per step
        self._validations: deque[float] = deque(maxlen=window)
        self._before: dict[str, float] = {}  # medians of the resumed run
        self._block: dict[str, Any] | None = None
        self._paused_at: float | None = None
        self._stage = STAGES[0]

    def seconds_per_step(self, stage: str) -> float | None:
        """Return a stage's median seconds per step, measured or assumed, or None before the first block."""
        if self._blocks[stage]:
            return statistics.median(self._blocks[stage])
        if stage in self._before:
            return self._before[stage]
        pretrain = self.seconds_per_step("pretrain") if stage == "gan" else None
        return None if pretrain is None else pretrain * self.gan_factor

    def seconds_left(self, trainer: Any, module: Any) -> float | None:
        """Return the seconds left in the run, or None while unknown."""
        left = trainer.max_steps - trainer.global_step
        if trainer.max_steps < 0 or self.seconds_per_step(module.stage) is None:
            return None
        to_gan = left if module.discriminator is None else module.adversarial.start_step - module.batches_done
        pretrain = min(left, max(0, to_gan)) if module.stage == "pretrain" else 0
        steps = {"pretrain": pretrain, "gan": left - pretrain}
        total = sum(count * (self.seconds_per_step(stage) or 0.0) for stage, count in steps.items() if count)
        between = (trainer.val_check_batch or float("inf")) * (trainer.check_val_every_n_epoch or 1)
        validations = trainer.max_steps // between - trainer.global_step // between
        return total + validations * self._seconds_per_validation()

    def on_train_start(self, trainer: Any, module: Any) -> None:
        """Discard the current block: time before the start does not count."""
        self._block = self._paused_at = None

    def on_train_batch_start(self, trainer: Any, module: Any, batch: Any, index: int) -> None:
        """Note the stage, and end a validation's pause."""
        self._stage = module.stage
        if self._paused_at is not None:
            pause = self._clock() - self._paused_at
            self._validations.append(pause)
            if self._block is not None:
                self._block["began"] += pause
            self._paused_at = None

    def on_validation_start(self, trainer: Any, module: Any) -> None:
        """Start a pause."""
        if not trainer.sanity_checking:
            _wait(module.device)
            self._paused_at = self._clock()

    def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, batch: Any, index: int) -> None:
        """Log and restart the block of steps if it is full."""
        block = self._block
        if block is None or block["stage"] != self._stage:
            # A stage's first step also sets up kernels and memory; start timing after it.
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
            # The step under which Lightning logs the training step, as its own LearningRateMonitor does.
            logger.log_metrics(values, step=trainer.fit_loop.epoch_loop._batches_that_stepped)
        self._begin_block(trainer, module)

    def state_dict(self) -> dict[str, Any]:
        """Return the measured times as plain numbers."""
        known = [stage for stage in STAGES if self._blocks[stage] or stage in self._before]
        times = {stage: self.seconds_per_step(stage) for stage in known}
        return {"seconds_per_step": times, "seconds_per_validation": self._seconds_per_validation()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the times of the resumed run, until new ones are measured."""
        self._before = dict(state["seconds_per_step"], validation=state["seconds_per_validation"])

    def _seconds_per_validation(self) -> float:
        return statistics.median(self._validations) if self._validations else self._before.get("validation", 0.0)

    def _begin_block(self, trainer: Any, module: Any) -> None:
        _wait(module.device)
        began = self._clock()
        self._block = {"stage": self._stage, "began": began, "step": trainer.global_step, "clips": 0, "frames": 0}


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
