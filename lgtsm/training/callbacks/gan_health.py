"""Warn of early signs of GAN collapse."""

from __future__ import annotations

import warnings
from typing import Any

import pytorch_lightning as pl

from lgtsm.checks import check_positive


class GANHealthWarning(UserWarning):
    """The GAN stage shows a sign of collapse."""


class GANHealth(pl.Callback):
    """Log running means of the GAN stage, and warn once about each sign of collapse.

    Signs are checked on means over about `window` steps, after the first `window` steps of the stage.

    Args:
        window: steps.
        always: share of patches in (0.5, 1); with `told_apart` above it, the discriminator leaves the generator nothing
            to learn.
        never: distance from 0.5; with `told_apart` closer than it, the discriminator teaches nothing.
        worse: factor above 1; with a reconstruction loss this many times its mean at the start of the stage, the
            generator is losing the picture.
    """

    LOGGED = ("told_apart", "reconstruction")

    def __init__(self, window: int = 500, always: float = 0.98, never: float = 0.005, worse: float = 1.5):
        check_positive("window", window)
        self.window = window
        self.always = always
        self.never = never
        self.worse = worse
        self._means: dict[str, float] = {}
        self._at_start: float | None = None
        self._steps = 0
        self._warned: list[str] = []

    def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, batch: Any, index: int) -> None:
        """Add the step's values to the running means."""
        logged = {name: trainer.callback_metrics.get(f"train/{name}") for name in self.LOGGED}
        logged = {name: float(value) for name, value in logged.items() if value is not None and value.isfinite()}
        if module.stage != "gan" or "told_apart" not in logged:
            return
        self._steps += 1
        share = 1 / min(self._steps, self.window)
        for name, value in logged.items():
            self._means[name] = self._means.get(name, 0.0) * (1 - share) + share * value
        if self._steps < self.window:
            return
        if self._at_start is None:
            self._at_start = self._means.get("reconstruction", 0.0)
        if self._steps % trainer.log_every_n_steps == 0:
            for logger in trainer.loggers:
                values = {"gan/told_apart": self._means["told_apart"], "gan/reconstruction_ratio": self._ratio()}
                logger.log_metrics(values, step=trainer.fit_loop.epoch_loop._batches_that_stepped)
        for sign, sentence in self._signs().items():
            if sign not in self._warned:
                self._warned.append(sign)
                warnings.warn(f"Step {trainer.global_step}: {sentence}", GANHealthWarning, stacklevel=2)

    def state_dict(self) -> dict[str, Any]:
        """Return the state as plain values."""
        return {"means": self._means, "at_start": self._at_start, "steps": self._steps, "warned": self._warned}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state of `state_dict`."""
        self._means, self._at_start = dict(state["means"]), state["at_start"]
        self._steps, self._warned = state["steps"], list(state["warned"])

    def _ratio(self) -> float:
        return self._means["reconstruction"] / self._at_start if self._at_start else 1.0

    def _signs(self) -> dict[str, str]:
        told_apart = self._means["told_apart"]
        signs = {}
        if told_apart > self.always:
            signs["always"] = (
                f"the discriminator tells {told_apart:.1%} of the patches apart and leaves the generator little to "
                "learn. Lower its learning rate, or add adversarial.gradient_penalty."
            )
        if abs(told_apart - 0.5) < self.never:
            signs["never"] = (
                "the discriminator tells real from filled no better than chance, so it teaches nothing. Raise its "
                "learning rate or width, or start the GAN later."
            )
        if self._ratio() > self.worse:
            signs["worse"] = (
                f"the reconstruction loss is {self._ratio():.2f} times what it was when the GAN began. Lower "
                "adversarial.weight, or return to an earlier checkpoint."
            )
        return signs
