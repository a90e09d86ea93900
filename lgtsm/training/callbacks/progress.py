"""Show progress with the training stage and the time left for the whole run."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from pytorch_lightning.callbacks import RichProgressBar
from rich import get_console

from lgtsm.progress_lines import duration
from lgtsm.training.callbacks.speed import Speed


class StageProgressBar(RichProgressBar):
    """Rich progress bar over the batches until the next validation, with step, stage and time left.

    Without a terminal, as in a cluster job's log, it prints lines instead.

    Args:
        seconds_between: print a line after each validation, and at this interval in between.
        clock: monotonic, in seconds.
    """

    def __init__(self, seconds_between: float = 15.0, clock: Callable[[], float] = time.perf_counter):
        super().__init__()
        self._seconds_between, self._clock, self._said = seconds_between, clock, clock()

    def get_metrics(self, trainer: Any, pl_module: Any) -> dict[str, int | str | float | dict[str, float]]:
        """Return the values shown beside the bar."""
        metrics = super().get_metrics(trainer, pl_module)
        metrics.pop("v_num", None)  # the csv folder's number
        known: dict[str, Any] = {"step": f"{trainer.global_step}/{trainer.max_steps}", "stage": pl_module.stage}
        for callback in trainer.callbacks:
            left = callback.seconds_left(trainer, pl_module) if isinstance(callback, Speed) else None
            if left is not None:
                known["left"] = duration(left)
        return {**known, **metrics}

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Choose a bar or lines by whether there is a terminal or a notebook; only the first process shows any."""
        super().setup(trainer, pl_module, stage)
        console = get_console()
        self._lines = self.is_enabled and not (console.is_terminal or console.is_jupyter)
        if self._lines:
            self.disable()

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Print a line in place of a bar."""
        super().on_validation_end(trainer, pl_module)
        if self._lines and not trainer.sanity_checking:
            self._print_line(trainer, pl_module)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, *rest: Any) -> None:
        """Print a line in place of a bar, if one is due."""
        super().on_train_batch_end(trainer, pl_module, *rest)
        if self._lines and self._clock() - self._said >= self._seconds_between:
            self._print_line(trainer, pl_module)

    def _print_line(self, trainer: Any, pl_module: Any) -> None:
        self._said = self._clock()
        metrics = self.get_metrics(trainer, pl_module).items()
        shown = [f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in metrics]
        print(", ".join(shown), flush=True)

    def _get_train_description(self, current_epoch: int) -> str:
        return "until validation"
