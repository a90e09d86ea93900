"""Step two optimizers in one manual training step, around Lightning's pitfalls."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from lgtsm.checks import check_positive
from lgtsm.training.finite import NonFiniteError, check_finite

LEAST_SCALE = 2.0**-10  # loss scale under fp16
MakeOptimizer = Callable[..., Optimizer]
MakeSchedule = Callable[[Optimizer], LRScheduler]


class NetworkOptimizers:
    """Optimizers, and optional learning-rate schedules, of the generator and the discriminator.

    Args:
        generator: callable parameters -> optimizer.
        discriminator: likewise; None uses the generator's.
        generator_schedule, discriminator_schedule: callable optimizer -> schedule, stepped once per optimizer step, or
            None.
        max_gradient_norm: clip each network's gradients to this norm, greater than 0, or None.
    """

    def __init__(
        self,
        generator: MakeOptimizer,
        discriminator: MakeOptimizer | None = None,
        generator_schedule: MakeSchedule | None = None,
        discriminator_schedule: MakeSchedule | None = None,
        max_gradient_norm: float | None = None,
    ):
        if max_gradient_norm is not None:
            check_positive("max_gradient_norm", max_gradient_norm)
        self.make = {"generator": generator, "discriminator": discriminator or generator}
        self.make_schedule = {"generator": generator_schedule, "discriminator": discriminator_schedule}
        self.max_gradient_norm = max_gradient_norm
        self.norms: dict[str, Tensor] = {}  # gradient norms of the last step, by network

    def build(self, networks: dict[str, nn.Module]) -> tuple[list[Optimizer], list[LRScheduler]]:
        """Return the networks' optimizers, in order, and the schedules of those that have one."""
        optimizers = {name: self.make[name](network.parameters()) for name, network in networks.items()}
        schedules = [make(optimizers[name]) for name, make in self.make_schedule.items() if make and name in optimizers]
        return list(optimizers.values()), schedules

    def renew(self, networks: dict[str, nn.Module], optimizers: list[Optimizer], schedules: list[LRScheduler]) -> None:
        """Give optimizers and schedules that a checkpoint restored the options of now, where it brought earlier ones.

        Learning rates become those of a run with these options from its first step on.

        Args:
            networks: as for `build`.
            optimizers, schedules: as from `build`, with restored states.
        """
        fresh, replayed = self.build(networks)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Detected call of `lr_scheduler.step\\(\\)` before")
            for schedule, new in zip(schedules, replayed):
                for _ in range(schedule.last_epoch):
                    new.step()
                schedule.load_state_dict(new.state_dict())
        for optimizer, made in zip(optimizers, fresh):
            for group, options in zip(optimizer.param_groups, made.param_groups):
                group.update({name: value for name, value in options.items() if name != "params"})

    @contextmanager
    def stepping(self, module: Any, name: str) -> Iterator[None]:
        """Collect gradients for one network only, then clip, step, and advance its schedule.

        Raises:
            NonFiniteError: a gradient is not finite; nothing was stepped.
        """
        optimizer = _as_list(module.optimizers())[list(module.networks).index(name)]
        module.toggle_optimizer(optimizer)
        try:
            optimizer.zero_grad()
            yield
            self._step(module, name, optimizer)
        finally:
            module.untoggle_optimizer(optimizer)

    def before_step(self, module: Any, optimizer: Optimizer) -> None:
        """Clip gradients under fp16, where they have their true scale only from here on."""
        if _scaler(module) is not None:
            self._clip(module, list(module.networks)[module.trainer.optimizers.index(optimizer)], optimizer)

    def _step(self, module: Any, name: str, optimizer: LightningOptimizer) -> None:
        if _scaler(module) is None:
            self._clip(module, name, optimizer.optimizer)
        if name == "generator":
            optimizer.step()
        else:
            step_uncounted(optimizer)
        if self.make_schedule[name]:
            with_schedule = [network for network in module.networks if self.make_schedule[network]]
            _as_list(module.lr_schedulers())[with_schedule.index(name)].step()
        if (scaler := _scaler(module)) is not None and (scale := scaler.get_scale()) < LEAST_SCALE:
            # The scaler halves its factor at every overflow and would never stop.
            raise NonFiniteError(f"gradients keep overflowing; the loss scale has fallen to {scale:.1g}")

    def _clip(self, module: pl.LightningModule, name: str, optimizer: Optimizer) -> None:
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        norm = torch.nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])
        module.log(f"train/gradient_norm_{name}", norm)
        self.norms[name] = norm.detach()
        if len(self.norms) == 2:
            module.log("train/gradient_ratio", self.norms["generator"] / self.norms["discriminator"])
        if _scaler(module) is None:
            check_finite({f"gradient_norm_{name}": norm})
        if self.max_gradient_norm is not None:
            torch.nn.utils.clip_grads_with_norm_(parameters, self.max_gradient_norm, norm)


def step_uncounted(optimizer: LightningOptimizer) -> None:
    """Step an optimizer without counting it in the trainer's `global_step`.

    Lightning counts the steps of every optimizer, so with two of them each batch would count twice in `global_step`,
    `max_steps`, logs and checkpoint names. Only the generator's steps should count.
    """
    before, after = optimizer._on_before_step, optimizer._on_after_step
    optimizer._on_before_step = optimizer._on_after_step = lambda: None
    try:
        optimizer.step()
    finally:
        optimizer._on_before_step, optimizer._on_after_step = before, after


def _as_list(one_or_more: object) -> list:
    """Return a list; Lightning returns a single optimizer or schedule without one."""
    return one_or_more if isinstance(one_or_more, list) else [one_or_more]


def _scaler(module: pl.LightningModule) -> torch.amp.GradScaler | None:
    """Return the loss scaler under fp16, which skips steps that overflow, or None."""
    return getattr(module.trainer.precision_plugin, "scaler", None)
