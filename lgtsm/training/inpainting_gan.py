"""The training step of the paper: losses on pixels and features first, then a GAN beside them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from lgtsm.checks import check_choice, check_positive
from lgtsm.data.batch import as_floats
from lgtsm.losses.adversarial import AdversarialLoss, feature_matching
from lgtsm.losses.gradient_penalty import GradientPenalty
from lgtsm.losses.weighted_sum import GeneratorLoss
from lgtsm.metrics.frame_quality import FrameQuality
from lgtsm.training.finite import FiniteGuard, NonFiniteError, check_finite
from lgtsm.training.optimizer_steps import clip_gradients, gradient_norm, only, step_uncounted
from lgtsm.training.plateau import Plateau
from lgtsm.training.random_state import random_state, restore_random_state

CHECKPOINT_KEY = "lgtsm"
LEAST_SCALE = 2.0**-10  # of the loss under fp16


class InpaintingGAN(pl.LightningModule):
    """Train a generator, and a discriminator against it from a given step on.

    Two optimisers are stepped by hand. `global_step` counts the generator's steps, which is one per batch.

    A generator that learns from more than it sees when filling has `training_output(video, hole)`, which is called
    instead of it; a dictionary that holds "real" and "judged" says what the discriminator is to tell apart, where that
    is not the true video and "filled".

    Args:
        generator: network `generator(video, hole) -> {"filled", "predicted"}`.
        loss: the generator's loss without the adversarial part.
        optimizer: callable parameters -> optimiser, for the generator.
        discriminator: network `discriminator(video, hole) -> scores`, or None to train without one.
        adversarial: the adversarial loss.
        adversarial_weight: factor of L_G in Eq. 9.
        adversarial_start_step: batches before the discriminator takes part; until then it is not touched.
        feature_matching_weight: factor of the generator's feature matching loss, from the same batch on; needs a
            discriminator with `activations`.
        adversarial_start_plateau: lets it take part earlier, once a validation score stands still, or None.
        gradient_penalty: a penalty on the discriminator's gradients at real videos, or None.
        step_order: "generator_first" (the released program) or "discriminator_first".
        discriminator_optimizer: callable parameters -> optimiser; the generator's where None.
        scheduler, discriminator_scheduler: callable optimiser -> learning-rate schedule, stepped once per optimiser
            step, or None.
        max_gradient_norm: clip each network's gradients to this norm, or None.
        average_decay: decay of the exponential moving average of the generator's weights that is used for validation
            and export, or None to use the weights as they are.
        accumulate: parts that a batch goes through the networks in, one after the other, their gradients added up: the
            same step with less memory, but for spectral norm, whose estimate moves on with every part.
        finite: what to do about numbers that are not finite; stops the run by default.
        validation_metrics: further metrics by name, updated with (filled, video, hole), logged as val/NAME.

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
        adversarial_start_plateau: Plateau | None = None,
        gradient_penalty: GradientPenalty | None = None,
        accumulate: int = 1,
        finite: FiniteGuard | None = None,
        validation_metrics: dict[str, nn.Module] | None = None,
        feature_matching_weight: float = 0.0,
    ):
        super().__init__()
        if feature_matching_weight and not hasattr(discriminator, "activations"):
            raise ValueError(
                "Feature matching needs a discriminator that shows its activations, such as "
                "discriminator=edge_connect; or set adversarial.feature_matching=0."
            )
        check_choice("step_order", step_order, ("generator_first", "discriminator_first"))
        self.automatic_optimization = False
        self.generator = generator
        self.discriminator = discriminator
        self.loss = loss
        self.adversarial = adversarial or AdversarialLoss()
        self.adversarial_weight = adversarial_weight
        self.feature_matching_weight = feature_matching_weight
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
        check_positive("accumulate", accumulate)
        self.accumulate = accumulate
        self.plateau = adversarial_start_plateau
        self.gradient_penalty = gradient_penalty
        self.finite = finite or FiniteGuard()
        self.validation_metrics = nn.ModuleDict({"quality": FrameQuality(), **(validation_metrics or {})})
        # Part of the checkpoint: where the stream of batches goes on, and how many were not learned from.
        self.batches_done = self.skipped_steps = 0
        self._gradient_norms: dict[str, Tensor] = {}  # of the last step of each network

    @property
    def stage(self) -> str:
        """ "pretrain", or "gan" once the discriminator takes part."""
        start = self.adversarial_start_step
        if self.plateau is not None and self.plateau.reached_at is not None:
            start = min(start, self.plateau.reached_at)
        return "gan" if self.discriminator is not None and self.batches_done >= start else "pretrain"

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
        self._gradient_norms.clear()
        self.log("train/stage", float(self.stage == "gan"))
        self.log("train/skipped_videos", float(batch.get("skipped_videos", 0)))
        try:
            loss = self._train_on(video, hole)
        except NonFiniteError as error:
            self.skipped_steps += 1
            self.finite.refuse(error, batch, self.batches_done, self.skipped_steps, self.trainer)
            loss = video.new_tensor(float("nan"))
        self.log("train/skipped_steps", float(self.skipped_steps))
        self.batches_done += 1
        return {"loss": loss}

    def _train_on(self, video: Tensor, hole: Tensor) -> Tensor:
        if self.stage == "pretrain":
            return self.generator_step(video, hole)[2]
        if self.step_order == "discriminator_first":
            with torch.no_grad():
                judged = [self._judged(v, h) for v, h, _ in self._parts(video, hole)]
            self.discriminator_step(*(torch.cat(videos) for videos in zip(*judged)), hole)
            return self.generator_step(video, hole)[2]
        real, fake, loss = self.generator_step(video, hole)
        self.discriminator_step(real, fake, hole)
        return loss

    def generator_step(self, video: Tensor, hole: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Step the generator and return real and judged videos and its total loss, all without gradients.

        Raises:
            NonFiniteError: a loss or gradient is not finite; nothing was stepped.
        """
        optimizer = self._optimizers()[0]
        logged, judged = [], []
        with only(self, optimizer):
            optimizer.zero_grad()
            for video_part, hole_part, last in self._parts(video, hole):
                output = self._output(video_part, hole_part)
                total, terms = self.loss(output, video_part, hole_part)
                real, fake = _real_and_judged(output, video_part)
                if self.stage == "gan":
                    terms["adversarial"] = self.adversarial.generator(self.discriminator(fake, hole_part))
                    total = total + self.adversarial_weight * terms["adversarial"]
                    if self.feature_matching_weight:
                        terms["feature_matching"] = feature_matching(self.discriminator, real, fake)
                        total = total + self.feature_matching_weight * terms["feature_matching"]
                if not total.requires_grad:
                    raise ValueError(
                        "The loss has no term to learn from before the discriminator takes part: set "
                        "adversarial.start_step=0, or choose another loss."
                    )
                terms = {"loss": total, **terms}
                self._backward(total, terms, len(video_part) / len(video), last)
                logged.append({name: value.detach() for name, value in terms.items()})
                judged.append((real.detach(), fake.detach()))
            self._optimize(0)
        if self.averaged_generator is not None:
            self.averaged_generator.update_parameters(self.generator)
        loss = self._log_means(logged).pop("loss")
        real, fake = (torch.cat(videos) for videos in zip(*judged))
        return real, fake, loss

    def discriminator_step(self, real: Tensor, fake: Tensor, hole: Tensor) -> None:
        """Step the discriminator on real videos and on those that it is to tell from them.

        Raises:
            NonFiniteError: a loss or gradient is not finite; nothing was stepped.
        """
        optimizer = self._optimizers()[1]
        logged = []
        with only(self, optimizer):
            optimizer.zero_grad()
            fakes = fake.chunk(self.accumulate)
            for (real_part, hole_part, last), fake_part in zip(self._parts(real, hole), fakes):
                real_scores = self.discriminator(real_part, hole_part)
                fake_scores = self.discriminator(fake_part, hole_part)
                total = self.adversarial.discriminator(real_scores, fake_scores)
                terms = {"discriminator": total}
                if self.gradient_penalty is not None and self.gradient_penalty.due(self.batches_done):
                    terms["gradient_penalty"] = self.gradient_penalty(self.discriminator, real_part, hole_part)
                    total = total + terms["gradient_penalty"]
                self._backward(total, terms, len(real_part) / len(real), last)
                real_scores, fake_scores = real_scores.detach().float(), fake_scores.detach().float()
                terms |= {
                    "score_real": real_scores.mean(),
                    "score_fake": fake_scores.mean(),
                    # How often a true patch scores above its filled one: 0.5 cannot tell, 1 always tells.
                    "told_apart": ((real_scores > fake_scores).float() + 0.5 * (real_scores == fake_scores)).mean(),
                }
                logged.append({name: value.detach() for name, value in terms.items()})
            self._optimize(1)
        self._log_means(logged)

    def _output(self, video: Tensor, hole: Tensor) -> dict[str, Tensor]:
        return getattr(self.generator, "training_output", self.generator)(video, hole)

    def _judged(self, video: Tensor, hole: Tensor) -> tuple[Tensor, Tensor]:
        return _real_and_judged(self._output(video, hole), video)

    def _parts(self, video: Tensor, hole: Tensor) -> Iterator[tuple[Tensor, Tensor, bool]]:
        """Yield the parts of a batch, each with whether it is the last."""
        parts = list(zip(video.chunk(self.accumulate), hole.chunk(self.accumulate)))
        yield from ((*part, index == len(parts) - 1) for index, part in enumerate(parts))

    def _backward(self, total: Tensor, terms: dict[str, Tensor], share: float, last: bool) -> None:
        """Add a part's gradients; processes exchange theirs with the last part."""
        check_finite(terms, self.trainer)
        exchanging = last or not hasattr(self.trainer.model, "no_sync")
        with nullcontext() if exchanging else self.trainer.model.no_sync():
            self.manual_backward(total * share)

    def _optimize(self, index: int) -> None:
        """Clip, step, and step the schedule of the generator (0) or the discriminator (1)."""
        optimizer = self._optimizers()[index]
        if not self._scaled:
            self._clip(optimizer.optimizer)
        if index == 0:
            optimizer.step()
        else:
            step_uncounted(optimizer)
        self._step_schedule(index)
        if self._scaled and (scale := self.trainer.precision_plugin.scaler.get_scale()) < LEAST_SCALE:
            # The scaler halves its factor with every overflow, and would go on doing so for ever.
            raise NonFiniteError(f"gradients overflow step after step, the scale of the loss has fallen to {scale:.1g}")

    @property
    def _scaled(self) -> bool:
        """Whether gradients are scaled (fp16): the scaler then looks for overflows and leaves out such steps itself."""
        return getattr(self.trainer.precision_plugin, "scaler", None) is not None

    def _clip(self, optimizer: Optimizer) -> None:
        norm = gradient_norm(optimizer)
        of = "generator" if optimizer is self.trainer.optimizers[0] else "discriminator"
        self.log(f"train/gradient_norm_{of}", norm)
        self._gradient_norms[of] = norm.detach()
        if len(self._gradient_norms) == 2:
            self.log("train/gradient_ratio", self._gradient_norms["generator"] / self._gradient_norms["discriminator"])
        if not self._scaled:
            check_finite({f"gradient_norm_{of}": norm})
        if self.max_gradient_norm is not None:
            clip_gradients(optimizer, self.max_gradient_norm, norm)

    def _log_means(self, logged: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        means = {name: torch.stack([terms[name].float() for terms in logged]).mean() for name in logged[0]}
        self.log_dict({f"train/{name}": value for name, value in means.items() if name != "loss"})
        if "loss" in means:
            self.log("train/loss", means["loss"], prog_bar=True)
        return means

    def validation_step(self, batch: dict[str, Any], batch_index: int) -> None:
        """Score a batch of validation clips, unless another process scores it."""
        if not batch.get("counted", True):
            return
        video, hole = as_floats(batch)
        filled = self(video, hole)["filled"]
        for metric in self.validation_metrics.values():
            metric.update(filled, video, hole)

    def on_validation_epoch_end(self) -> None:
        """Log the mean scores as val/psnr_hole and so on."""
        scores = {}
        with warnings.catch_warnings():
            # A process without clips of its own computes with those of the others.
            warnings.filterwarnings("ignore", message="The ``compute`` method of metric")
            for metric in self.validation_metrics.values():
                scores |= {name: value.float() for name, value in metric.compute().items()}
                metric.reset()
        self.log_dict({f"val/{name}": value for name, value in scores.items() if name != "psnr_hole"})
        self.log("val/psnr_hole", scores["psnr_hole"], prog_bar=True)
        if self.plateau is not None and self.stage == "pretrain" and not self.trainer.sanity_checking:
            self.plateau.update(scores, self.batches_done)

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clip scaled gradients here: under fp16 this is the first place where they have their true scale."""
        if self._scaled:
            self._clip(optimizer)

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
        checkpoint[CHECKPOINT_KEY] = {
            "model": entry,
            "prefix": prefix,
            "batches_done": self.batches_done,
            "skipped_steps": self.skipped_steps,
            "plateau": None if self.plateau is None else self.plateau.state_dict(),
            "random_state": random_state(),
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on with the batch after the last one that was trained on."""
        own = checkpoint[CHECKPOINT_KEY]
        self.batches_done, self.skipped_steps = own["batches_done"], own["skipped_steps"]
        if self.plateau is not None and own["plateau"] is not None:
            self.plateau.load_state_dict(own["plateau"])
        self._random_state = own["random_state"]

    def on_train_start(self) -> None:
        """Take up the random numbers of a run that goes on; one process's, since each has its own."""
        if self.trainer.world_size == 1 and getattr(self, "_random_state", None) is not None:
            restore_random_state(self._random_state)

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


def _real_and_judged(output: dict[str, Tensor], video: Tensor) -> tuple[Tensor, Tensor]:
    """Return what the discriminator is to tell apart."""
    if "judged" in output:
        return output["real"], output["judged"]
    return video, output["filled"]
