"""Time training steps as Lightning takes them."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, Dataset

from lgtsm.training.start import hide_known_advice

WARM_UP = 1  # steps before the clock starts


class _Same(Dataset):
    """One batch, as often as wanted."""

    def __init__(self, batch: dict[str, Any], count: int):
        self.batch, self.count = batch, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.batch


class _Clock(pl.Callback):
    """Note when the warm-up and the last step end, on the clock and in seconds of the CPU."""

    def __init__(self) -> None:
        self.times: list[tuple[float, float]] = []

    def on_train_batch_end(self, trainer: pl.Trainer, *rest: object) -> None:
        if trainer.strategy.root_device.type == "cuda":
            torch.cuda.synchronize(trainer.strategy.root_device)
        self.times.append((time.perf_counter(), time.process_time()))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Lightning from describing the machine at each turn."""
    logger = logging.getLogger("pytorch_lightning")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def time_steps(
    module: pl.LightningModule, batch: dict[str, Any], steps: int, trainer_options: dict[str, Any]
) -> tuple[float, float]:
    """Train on the same batch; return the seconds of the clock and of the CPU that `steps` steps took after a first.

    Args:
        module: to train.
        batch: as a data loader gives it.
        steps: number to time.
        trainer_options: arguments of Lightning's Trainer: accelerator, devices, precision.
    """
    hide_known_advice()
    clock = _Clock()
    with warnings.catch_warnings(), _quiet():
        warnings.filterwarnings("ignore", message="You defined a `validation_step` but have no `val_dataloader`.*")
        trainer = pl.Trainer(
            max_steps=-1, max_epochs=1, limit_train_batches=WARM_UP + steps, logger=False, enable_checkpointing=False,
            enable_progress_bar=False, enable_model_summary=False, callbacks=[clock], **trainer_options,
        )  # fmt: skip
        trainer.fit(module, DataLoader(_Same(batch, WARM_UP + steps), batch_size=None))
    first, last = clock.times[WARM_UP - 1], clock.times[-1]
    return last[0] - first[0], last[1] - first[1]
