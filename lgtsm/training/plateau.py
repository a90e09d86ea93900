"""Detect when a validation score stops improving."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from lgtsm.checks import check_choice, check_positive


class Plateau:
    """A score that has not improved for several validations in a row.

    Args:
        monitor: name of the score, without "val/".
        mode: "max" or "min": which way is better.
        patience: validations without improvement.
        least_change: smallest improvement that counts.
    """

    def __init__(self, monitor: str = "psnr_hole", mode: str = "max", patience: int = 5, least_change: float = 0.0):
        check_choice("mode", mode, ("max", "min"))
        check_positive("patience", patience)
        self.monitor = monitor
        self.mode = mode
        self.patience = patience
        self.least_change = least_change
        self.best: float | None = None
        self.waited = 0
        self.reached_at: int | None = None

    def update(self, scores: dict[str, Tensor], step: int) -> None:
        """Take the scores of a validation at a step; set `reached_at` once the plateau is reached.

        Raises:
            ValueError: the monitored score is missing.
        """
        if self.monitor not in scores:
            raise ValueError(
                f"The plateau monitors {self.monitor!r}, but validation returns only {', '.join(sorted(scores))}. "
                "Set adversarial.start_plateau.monitor."
            )
        value = float(scores[self.monitor]) * (1 if self.mode == "max" else -1)
        if self.best is None or value > self.best + self.least_change:
            self.best, self.waited = value, 0
        else:
            self.waited += 1
        if self.reached_at is None and self.waited >= self.patience:
            self.reached_at = step

    def state_dict(self) -> dict[str, Any]:
        """Return the state as plain values."""
        return {"best": self.best, "waited": self.waited, "reached_at": self.reached_at}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state of `state_dict`."""
        self.best, self.waited, self.reached_at = state["best"], state["waited"], state["reached_at"]
