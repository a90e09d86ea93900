"""The training step of the paper: losses on pixels and features first, then a GAN beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from lgtsm.checks import check_choice
from lgtsm.data.batch import as_floats
from lgtsm.losses.adversarial import AdversarialLoss
from lgtsm.losses.weighted_sum import GeneratorLoss
from lgtsm.metrics.frame_quality import FrameQuality
from lgtsm.training.optimizer_steps import clip_gradients, only, step_uncounted

CHECKPOINT_KEY = "lgtsm"


class InpaintingGAN(pl.LightningModule):
    """Train a generator, and a discriminator against it from a given step on.

    Two optimisers are stepped by hand. `global_step` counts the generator's steps, which is one per batch.

    Args:
        generator: network `generator(video, hole) -> {"filled", "predicted"}`.
        loss: the generator's loss without the adversarial part.
        optimizer: callable parameters -> optimiser, for the generator.
        discriminator: network `discriminator(video, hole) -> scores`, or None to train without one.
        adversarial: the adversarial loss.
        adversarial_weight: factor of L_G in Eq. 9.
        adversarial_start_step: batches before the discriminator takes part; until then it is not touched.
        step_order: "generator_first" (the released program) or "discriminator_first".
        discriminator_optimizer: callable parameters -> optimiser; the generator's where None.
        scheduler, discriminator_scheduler: callable optimiser -> learning-rate schedule, stepped once per optimiser
            step, or None.
        max_gradient_norm: clip each network's gradients to this norm, or None.
        average_decay: decay of the exponential moving average of the generator's weights that is used for validation
            and export, or None to use the weights as they are.

    Source: Chang et al. 2019, Sections 3.2 and 4.1.
    """

    def __init__(
        self,
        generator: nn.Module,
        loss: GeneratorLoss,
        optimizer: Callable[..., Optimizer],
        discriminator: nn.Module | None = None,
        adversarial: AdversarialLoss | None = None,
        adversarial_weight: float = 1.0,
        adversarial_start_step: int = 0,
        step_order: str = "generator_first",
        discriminator_optimizer: Callable[..., Optimizer] | None = None,
        scheduler: Callable[[Optimizer], LRScheduler] | None = None,
        discriminator_scheduler: Callable[[Optimizer], LRScheduler] | None = None,
        max_gradient_norm: float | None = None,
        average_decay: float | None = None,
    ):
        super().__init__()
        check_choice("step_order", step_order, ("generator_first", "discriminator_first"))
        self.automatic_optimization = False
        self.generator = generator
        self.discriminator = discriminator
        self.loss = loss
        self.adversarial = adversarial or AdversarialLoss()
        self.adversarial_weight = adversarial_weight
        self.adversarial_start_step = adversarial_start_step
        self.step_order = step_order
        self.optimizer = optimizer
        self.discriminator_optimizer = discriminator_optimizer or optimizer
        self.scheduler = scheduler
        self.discriminator_scheduler = discriminator_scheduler
        self.max_gradient_norm = max_gradient_norm
        self.averaged_generator = None
        if average_decay is not None:
            self.averaged_generator = AveragedModel(generator, multi_avg_fn=get_ema_multi_avg_fn(average_decay))
            self.averaged_generator.requires_grad_(False)
        self.validation_quality = FrameQuality()
        self.batches_done = 0  # part of the checkpoint: where the stream of batches goes on

    @property
    def stage(self) -> str:
        """ "pretrain", or "gan" once the discriminator takes part."""
        playing = self.discriminator is not None and self.batches_done >= self.adversarial_start_step
        return "gan" if playing else "pretrain"

    @property
    def inference_generator(self) -> nn.Module:
        """The generator to validate and export: the averaged one where there is one."""
        return self.generator if self.averaged_generator is None else self.averaged_generator.module

    def forward(self, video: Tensor, hole: Tensor) -> dict[str, Tensor]:
        """Fill (batch, time, 3, height, width) where hole (batch, time, 1, height, width) is 1, as when validating."""
        return self.inference_generator(video, hole)

    def training_step(self, batch: dict[str, Any], batch_index: int) -> dict[str, Tensor]:
        """Train on one batch and return the generator's total loss as "loss", without gradients, for callbacks."""
        video, hole = as_floats(batch)
        if self.stage == "gan" and self.step_order == "discriminator_first":
            with torch.no_grad():
                filled = self.generator(video, hole)["filled"]
            self.discriminator_step(video, hole, filled)
        filled, loss = self.generator_step(video, hole)
        if self.stage == "gan" and self.step_order == "generator_first":
            self.discriminator_step(video, hole, filled)
        self.log("train/stage", float(self.stage == "gan"))
        self.log("train/skipped_videos", float(batch.get("skipped_videos", 0)))
        self.batches_done += 1
        return {"loss": loss}

    def generator_step(self, video: Tensor, hole: Tensor) -> tuple[Tensor, Tensor]:
        """Step the generator and return what it filled and its total loss, both without gradients."""
        optimizer = self._optimizers()[0]
        with only(self, optimizer):
            output = self.generator(video, hole)
            total, parts = self.loss(output, video, hole)
            if self.stage == "gan":
                parts["adversarial"] = self.adversarial.generator(self.discriminator(output["filled"], hole))
                total = total + self.adversarial_weight * parts["adversarial"]
            optimizer.zero_grad()
            self.manual_backward(total)
            optimizer.step()
        self._step_schedule(0)
        if self.averaged_generator is not None:
            self.averaged_generator.update_parameters(self.generator)
        self.log("train/loss", total.detach(), prog_bar=True)
        self.log_dict({f"train/{name}": value.detach() for name, value in parts.items()})
        return output["filled"].detach(), total.detach()

    def discriminator_step(self, video: Tensor, hole: Tensor, filled: Tensor) -> None:
        """Step the discriminator on true and filled videos."""
        optimizer = self._optimizers()[1]
        with only(self, optimizer):
            real_scores, fake_scores = self.discriminator(video, hole), self.discriminator(filled, hole)
            total = self.adversarial.discriminator(real_scores, fake_scores)
            optimizer.zero_grad()
            self.manual_backward(total)
            step_uncounted(optimizer)
        self._step_schedule(1)
        self.log_dict(
            {
                "train/discriminator": total.detach(),
                "train/score_real": real_scores.detach().float().mean(),
                "train/score_fake": fake_scores.detach().float().mean(),
            }
        )

    def validation_step(self, batch: dict[str, Any], batch_index: int) -> None:
        """Score a batch of validation clips."""
        video, hole = as_floats(batch)
        self.validation_quality.update(self(video, hole)["filled"], video, hole)

    def on_validation_epoch_end(self) -> None:
        """Log the mean scores as val/psnr_hole and so on."""
        scores = self.validation_quality.compute()
        self.log_dict({f"val/{name}": value.float() for name, value in scores.items() if name != "psnr_hole"})
        self.log("val/psnr_hole", scores["psnr_hole"].float(), prog_bar=True)
        self.validation_quality.reset()

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clip here: under fp16 this is the first place where gradients have their true scale."""
        norm = clip_gradients(optimizer, self.max_gradient_norm)
        of = "generator" if optimizer is self.trainer.optimizers[0] else "discriminator"
        self.log(f"train/gradient_norm_{of}", norm)

    def configure_optimizers(self) -> tuple[list[Optimizer], list[LRScheduler]]:
        """Build one optimiser and one schedule for each network."""
        optimizers = [self.optimizer(self.generator.parameters())]
        schedulers = [self.scheduler(optimizers[0])] if self.scheduler else []
        if self.discriminator is not None:
            optimizers.append(self.discriminator_optimizer(self.discriminator.parameters()))
            if self.discriminator_scheduler:
                schedulers.append(self.discriminator_scheduler(optimizers[1]))
        return optimizers, schedulers

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Note what rebuilds the generator and where the batches go on, in plain values."""
        entry = getattr(self.generator, "catalog_entry", None)
        prefix = "generator." if self.averaged_generator is None else "averaged_generator.module."
        checkpoint[CHECKPOINT_KEY] = {"model": entry, "prefix": prefix, "batches_done": self.batches_done}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on with the batch after the last one that was trained on."""
        self.batches_done = checkpoint[CHECKPOINT_KEY]["batches_done"]

    def _optimizers(self) -> list:
        optimizers = self.optimizers()
        return optimizers if isinstance(optimizers, list) else [optimizers]

    def _step_schedule(self, index: int) -> None:
        # Schedules are listed in the order of the networks that have one.
        wanted = [self.scheduler, self.discriminator_scheduler if self.discriminator is not None else None]
        if wanted[index] is None:
            return
        schedulers = self.lr_schedulers()
        schedulers = schedulers if isinstance(schedulers, list) else [schedulers]
        schedulers[sum(w is not None for w in wanted[:index])].step()
