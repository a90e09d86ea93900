"""Tell when a validation score stands still."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from lgtsm.checks import check_choice, check_positive


class Plateau:
    """Reached when a score has not become better for some validations in a row.

    Args:
        monitor: name of the score, without "val/".
        mode: "max" or "min": which way is better.
        patience: validations without a better score.
        least_change: by how much a score must be better to count.
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

    def update(self, scores: dict[str, Tensor], step: int) -> bool:
        """Take a validation's scores, at a step, and return whether the plateau has been reached.

        Raises:
            ValueError: the score is not among them.
        """
        if self.monitor not in scores:
            raise ValueError(
                f"The plateau watches {self.monitor!r}, which validation does not give; it gives "
                f"{', '.join(sorted(scores))}. Set adversarial.start_plateau.monitor."
            )
        value = float(scores[self.monitor]) * (1 if self.mode == "max" else -1)
        if self.best is None or value > self.best + self.least_change:
            self.best, self.waited = value, 0
        else:
            self.waited += 1
        if self.reached_at is None and self.waited >= self.patience:
            self.reached_at = step
        return self.reached_at is not None

    def state_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {"best": self.best, "waited": self.waited, "reached_at": self.reached_at}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` returned."""
        self.best, self.waited, self.reached_at = state["best"], state["waited"], state["reached_at"]
