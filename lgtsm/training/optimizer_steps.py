"""One place for Lightning's traps of two optimisers in one manual training step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytorch_lightning as pl
import torch
from pytorch_lightning.core.optimizer import LightningOptimizer


def step_uncounted(optimizer: LightningOptimizer) -> None:
    """Step an optimiser without counting it in the trainer's `global_step`.

    Lightning adds one for every optimiser that steps, so that two of them would make `global_step` count each batch
    twice, and with it `max_steps`, logging and checkpoint names. Only the generator's steps are to count.
    """
    before, after = optimizer._on_before_step, optimizer._on_after_step
    optimizer._on_before_step = optimizer._on_after_step = _nothing
    try:
        optimizer.step()
    finally:
        optimizer._on_before_step, optimizer._on_after_step = before, after


def _nothing() -> None:
    pass


@contextmanager
def only(module: pl.LightningModule, optimizer: LightningOptimizer) -> Iterator[None]:
    """Let gradients reach the parameters of one optimiser only; the other network keeps none."""
    module.toggle_optimizer(optimizer)
    try:
        yield
    finally:
        module.untoggle_optimizer(optimizer)


def gradient_norm(optimizer: torch.optim.Optimizer) -> torch.Tensor:
    """Return the total norm of the gradients of an optimiser's parameters."""
    return torch.nn.utils.get_total_norm([p.grad for p in _parameters(optimizer) if p.grad is not None])


def clip_gradients(optimizer: torch.optim.Optimizer, max_norm: float, norm: torch.Tensor) -> None:
    """Clip the gradients of an optimiser's parameters, whose total norm is `norm`, to `max_norm`.

    Under fp16 to be called from `on_before_optimizer_step`, where gradients are already unscaled.
    """
    torch.nn.utils.clip_grads_with_norm_(_parameters(optimizer), max_norm, norm)


def _parameters(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]
