"""Handle losses and gradients that are not finite: stop the run and keep the batch, or skip it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from lgtsm.checks import check_choice
from lgtsm.whole_files import whole_file


class NonFiniteError(ValueError):
    """A loss or a gradient is not finite."""


class NonFiniteWarning(UserWarning):
    """A batch was skipped because a loss or a gradient was not finite."""


def check_finite(values: dict[str, Tensor], trainer: pl.Trainer | None = None) -> None:
    """Raise on all processes if a value is not finite on any of them.

    Args:
        values: scalars by name.
        trainer: to ask the other processes; None if all have the same values.

    Raises:
        NonFiniteError: names this process's values that are not finite.
    """
    broken = [f"{name} = {value.item()}" for name, value in values.items() if not torch.isfinite(value)]
    anywhere = bool(broken)
    if trainer is not None and trainer.world_size > 1:
        anywhere = trainer.strategy.reduce_boolean_decision(anywhere, all=False)
    if anywhere:
        raise NonFiniteError(", ".join(broken) or "a value on another process")


class FiniteGuard:
    """Stop a run, or skip a batch, when a loss or gradient is not finite.

    Either way the batch is saved as plain tensors that `torch.load(weights_only=True)` reads.

    Args:
        action: "stop" the run, or "skip" the batch: no network learns from it, except the first network of a GAN step
            if only the second one's numbers are broken.
        limit: batches that the whole run may skip; one more stops it.
        folder: where batches are saved; None means `nonfinite` in the run folder.
    """

    def __init__(self, action: str = "stop", limit: int = 10, folder: str | Path | None = None):
        check_choice("action", action, ("stop", "skip"))
        self.action = action
        self.limit = limit
        self.folder = folder

    def refuse(
        self, error: NonFiniteError, batch: dict[str, Any], step: int, skipped: int, trainer: pl.Trainer
    ) -> None:
        """Save a batch, then stop the run or warn.

        Args:
            error, batch: the values that are not finite, and the batch as loaded.
            step: batches before this one.
            skipped: batches refused so far, including this one.
            trainer: the run's trainer.

        Raises:
            NonFiniteError: the run stops; the message says where the batch is.
        """
        folder = Path(self.folder or Path(trainer.default_root_dir) / "nonfinite")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"step{step:07d}_rank{trainer.global_rank}.pt"
        with whole_file(path) as temporary:
            torch.save({k: v.cpu() if isinstance(v, Tensor) else v for k, v in batch.items()}, temporary)
        sentence = f"At step {step} a number is not finite: {error}. The batch is saved in {path}."
        if self.action == "stop":
            raise NonFiniteError(
                f"{sentence} Inspect it, lower the learning rate, clip gradients (max_gradient_norm), or skip such "
                "batches with nonfinite.action=skip."
            ) from error
        if skipped > self.limit:
            raise NonFiniteError(f"{sentence} That makes {skipped}, more than nonfinite.limit={self.limit}.") from error
        warnings.warn(f"{sentence} It is skipped ({skipped} of at most {self.limit}).", NonFiniteWarning, stacklevel=2)
