"""The paper's training step: losses on pixels and features first, then a GAN on top."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any, NamedTuple

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from lgtsm.checks import check_positive
from lgtsm.data.batch import as_floats, given_candidates
from lgtsm.losses.weighted_sum import GeneratorLoss
from lgtsm.metrics.frame_quality import FrameQuality
from lgtsm.training.adversarial import AdversarialTraining
from lgtsm.training.finite import FiniteGuard, NonFiniteError, check_finite
from lgtsm.training.optimizer_steps import NetworkOptimizers
from lgtsm.training.random_state import random_state, restore_random_state

CHECKPOINT_KEY = "lgtsm"
NO_TERM = "The loss has no term before the GAN stage. Set adversarial.start_step=0, or choose another."


class Part(NamedTuple):
    """Some clips of a batch, what else the generator is given, their share of it, and whether they are the last."""

    video: Tensor
    hole: Tensor
    given: dict[str, Tensor]
    share: float
    last: bool


class Judged(NamedTuple):
    """The discriminator's input: true videos, and the generator's versions of them."""

    real: Tensor
    fake: Tensor


class GeneratorStep(NamedTuple):
    """Result of a generator step, without gradients: the total loss, and the discriminator's input."""

    loss: Tensor
    judged: Judged


class InpaintingGAN(pl.LightningModule):
    """Train a generator, and from a given step on a discriminator against it.

    Both are optimized manually. `global_step` counts the generator's steps, one per batch.

    A batch with "candidates" has them passed on: `generator(video, hole, candidates=...)`, see `lgtsm.data.candidates`.
    A generator may define `training_output(video, hole)`, which training calls in its place. Its output may hold "real"
    and "judged", which the discriminator then sees instead of the true video and "filled".

    Args:
        generator: network `generator(video, hole) -> {"filled", "predicted"}`.
        loss: the generator's loss without the adversarial term, `loss(output, video, hole) -> (total, terms by name)`.
        optimizer: optimizers and schedules of both networks.
        discriminator: network `discriminator(video, hole) -> scores`, or None to train without one.
        adversarial: settings of the GAN stage.
        average_decay: decay of the exponential moving average of the generator's weights, used for validation and
            export; None uses the weights as they are.
        accumulate: split each batch into this many parts and add up their gradients: the same step with less memory,
            except for spectral norm, whose estimate advances with every part.
        finite: what to do about numbers that are not finite; stops the run by default.
        validation_metrics: further metrics by name, updated with (filled, video, hole), logged as val/NAME.

    Source: Chang et al. 2019, Sections 3.2 and 4.1.
    """

    def __init__(
        self,
        generator: nn.Module,
        loss: nn.Module,
        optimizer: NetworkOptimizers,
        discriminator: nn.Module | None = None,
        adversarial: AdversarialTraining | None = None,
        average_decay: float | None = None,
        accumulate: int = 1,
        finite: FiniteGuard | None = None,
        validation_metrics: dict[str, nn.Module] | None = None,
    ):
        super().__init__()
        check_positive("accumulate", accumulate)
        self.automatic_optimization = False
        self.generator = generator
        self.discriminator = discriminator
        self.loss = loss
        self.adversarial = adversarial or AdversarialTraining()
        self.adversarial.check(discriminator)
        # As submodules, so that buffers of one's own loss or penalty move to the device and into checkpoints.
        self.adversarial_modules = nn.ModuleList(
            part for part in (self.adversarial.loss, self.adversarial.gradient_penalty) if isinstance(part, nn.Module)
        )
        self.optimizer = optimizer
        self.averaged_generator = None
        if average_decay is not None:
            self.averaged_generator = AveragedModel(generator, multi_avg_fn=get_ema_multi_avg_fn(average_decay))
            self.averaged_generator.requires_grad_(False)
        self.accumulate = accumulate
        self.finite = finite or FiniteGuard()
        self.validation_metrics = nn.ModuleDict({"quality": FrameQuality(), **(validation_metrics or {})})
        # Saved in checkpoints: where the stream of batches continues, and how many were skipped.
        self.batches_done = self.skipped_steps = 0
        # Saved too, for a resumed run to compare: what decides the order of the stream (`lgtsm.training.resuming`), and
        # the configuration (`lgtsm.config.changes`). And whether options of the optimizers have changed since.
        self.videos: dict[str, Any] | None = None
        self.config: dict[str, Any] | None = None
        self.renew_optimizers = False
        if isinstance(loss, GeneratorLoss) and not loss.has_terms and self.stage == "pretrain":
            raise ValueError(NO_TERM)

    @property
    def networks(self) -> dict[str, nn.Module]:
        """The trained networks, in the order of their optimizers."""
        networks = {"generator": self.generator, "discriminator": self.discriminator}
        return {name: network for name, network in networks.items() if network is not None}

    @property
    def stage(self) -> str:
        """The stage: "pretrain", or "gan" once the discriminator has joined."""
        return "pretrain" if self.discriminator is None else self.adversarial.stage(self.batches_done)

    @property
    def inference_generator(self) -> nn.Module:
        """The generator to validate and export: the averaged one if there is one."""
        return self.generator if self.averaged_generator is None else self.averaged_generator.module

    def forward(self, video: Tensor, hole: Tensor) -> dict[str, Tensor]:
        """Fill (batch, time, 3, height, width) where hole (batch, time, 1, height, width) is 1, as when validating."""
        return self.inference_generator(video, hole)

    def training_step(self, batch: dict[str, Any], batch_index: int) -> dict[str, Tensor]:
        """Train on one batch; return the generator's total loss, without gradients, as "loss" for callbacks."""
        video, hole = as_floats(batch)
        self.optimizer.norms.clear()
        self._log_stage_where_it_starts()
        self.log("train/stage", float(self.stage == "gan"))
        self.log("train/skipped_videos", float(batch.get("skipped_videos", 0)))
        try:
            loss = self._train_on(video, hole, given_candidates(batch))
        except NonFiniteError as error:
            self.skipped_steps += 1
            self.finite.refuse(error, batch, self.batches_done, self.skipped_steps, self.trainer)
            loss = video.new_tensor(float("nan"))
        self.log("train/skipped_steps", float(self.skipped_steps))
        self.batches_done += 1
        return {"loss": loss}

    def _log_stage_where_it_starts(self) -> None:
        """Log the stage at the first step, and where the discriminator joins, whatever steps are logged."""
        begun = self.batches_done > 0
        if begun and (self.stage == "pretrain" or self.adversarial.stage(self.batches_done - 1) == "gan"):
            return
        if self.trainer._logger_connector.should_update_logs:
            return  # logged with the other values of this step
        for logger in self.trainer.loggers:
            logger.log_metrics({"train/stage": float(self.stage == "gan")}, step=self.batches_done)

    def _train_on(self, video: Tensor, hole: Tensor, given: dict[str, Tensor]) -> Tensor:
        gan = self.stage == "gan"
        if gan and self.adversarial.discriminator_first:
            with torch.no_grad():
                judged = [_judged(self._output(part), part.video) for part in self._parts(video, hole, given)]
            self.discriminator_step(_join(judged), hole)
        step = self.generator_step(video, hole, given)
        if gan and not self.adversarial.discriminator_first:
            self.discriminator_step(step.judged, hole)
        return step.loss

    def generator_step(self, video: Tensor, hole: Tensor, given: dict[str, Tensor] | None = None) -> GeneratorStep:
        """Step the generator.

        Raises:
            NonFiniteError: a loss or gradient is not finite; nothing was stepped.
        """
        logged, shown = [], []
        with self.optimizer.stepping(self, "generator"):
            for part in self._parts(video, hole, given or {}):
                output = self._output(part)
                total, terms = self.loss(output, part.video, part.hole)
                judged = _judged(output, part.video)
                if self.stage == "gan" and self.discriminator is not None:
                    added, more = self.adversarial.generator_loss(self.discriminator, *judged, part.hole)
                    total, terms = total + added, terms | more
                if not total.requires_grad:
                    raise ValueError(NO_TERM)
                logged.append({"loss": total, **terms})
                self._backward(total, logged[-1], part)
                shown.append(Judged(judged.real.detach(), judged.fake.detach()))
        if self.averaged_generator is not None:
            self.averaged_generator.update_parameters(self.generator)
        return GeneratorStep(self._log_means(logged)["loss"], _join(shown))

    def discriminator_step(self, judged: Judged, hole: Tensor) -> None:
        """Step the discriminator on true and filled videos.

        Raises:
            NonFiniteError: a loss or gradient is not finite; nothing was stepped.
        """
        logged = []
        assert self.discriminator is not None
        with self.optimizer.stepping(self, "discriminator"):
            for part, fake in zip(self._parts(judged.real, hole, {}), judged.fake.chunk(self.accumulate)):
                loss = self.adversarial.discriminator_loss(
                    self.discriminator, part.video, fake, part.hole, self.batches_done
                )
                self._backward(loss.total, loss.terms, part)
                logged.append(loss.terms | loss.statistics)
        self._log_means(logged)

    def _output(self, part: Part) -> dict[str, Tensor]:
        return getattr(self.generator, "training_output", self.generator)(part.video, part.hole, **part.given)

    def _parts(self, video: Tensor, hole: Tensor, given: dict[str, Tensor]) -> Iterator[Part]:
        parts = list(zip(video.chunk(self.accumulate), hole.chunk(self.accumulate)))
        more = {name: value.chunk(self.accumulate) for name, value in given.items()}
        for number, (clips, holes) in enumerate(parts):
            own = {name: values[number] for name, values in more.items()}
            yield Part(clips, holes, own, len(clips) / len(video), number == len(parts) - 1)

    def _backward(self, total: Tensor, terms: dict[str, Tensor], part: Part) -> None:
        """Add a part's gradients; processes exchange gradients at the last part."""
        check_finite(terms, self.trainer)
        strategy: Any = self.trainer.model
        exchanging = part.last or not hasattr(strategy, "no_sync")
        with nullcontext() if exchanging else strategy.no_sync():
            self.manual_backward(total * part.share)

    def _log_means(self, logged: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        """Log and return the mean of each term over the parts of a batch."""
        means = {name: torch.stack([terms[name].detach().float() for terms in logged]).mean() for name in logged[0]}
        for name, value in means.items():
            self.log(f"train/{name}", value, prog_bar=name == "loss")
        return means

    def validation_step(self, batch: dict[str, Any], batch_index: int) -> None:
        """Score a batch of validation clips, unless another process scores it."""
        if not batch.get("counted", True):
            return
        video, hole = as_floats(batch)
        filled = self(video, hole)["filled"]
        metrics: Any = self.validation_metrics.values()
        for metric in metrics:
            metric.update(filled, video, hole)

    def on_validation_epoch_end(self) -> None:
        """Log the mean scores as val/psnr_hole and so on."""
        scores: dict[str, Tensor] = {}
        metrics: Any = self.validation_metrics.items()
        with warnings.catch_warnings():
            # A process without clips of its own computes with the others' clips.
            warnings.filterwarnings("ignore", message="The ``compute`` method of metric")
            for name, metric in metrics:
                computed = metric.compute()
                # Our metrics return several scores by name; others may return just one.
                computed = computed if isinstance(computed, dict) else {name: computed}
                scores |= {key: value.float() for key, value in computed.items()}
                metric.reset()
        self.log_dict({f"val/{name}": value for name, value in scores.items() if name != "psnr_hole"})
        self.log("val/psnr_hole", scores["psnr_hole"], prog_bar=True)
        if self.discriminator is not None and not self.trainer.sanity_checking:
            self.adversarial.validated(scores, self.batches_done)

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clip scaled gradients."""
        self.optimizer.before_step(self, optimizer)

    def configure_optimizers(self) -> tuple[list[Optimizer], list[LRScheduler]]:
        """Build each network's optimizer and schedule."""
        return self.optimizer.build(self.networks)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Save how to rebuild the generator and where to resume, as plain values."""
        checkpoint[CHECKPOINT_KEY] = {
            "model": getattr(self.generator, "catalog_entry", None),
            "own_model": getattr(self.generator, "own_entry", None),
            "prefix": "generator." if self.averaged_generator is None else "averaged_generator.module.",
            "batches_done": self.batches_done,
            "skipped_steps": self.skipped_steps,
            "plateau": self.adversarial.state_dict(),
            "videos": self.videos,
            "config": self.config,
            "random_state": random_state(),
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Continue with the batch after the last one trained on."""
        own = checkpoint[CHECKPOINT_KEY]
        self.batches_done, self.skipped_steps = own["batches_done"], own["skipped_steps"]
        self.adversarial.load_state_dict(own["plateau"])
        self._random_state = own["random_state"]

    def on_train_batch_start(self, batch: dict[str, Any], batch_index: int) -> None:
        """Number the steps in the log by batches; Lightning counts one too many at every resume within an epoch."""
        self.trainer.fit_loop.epoch_loop._batches_that_stepped = self.batches_done

    def on_train_start(self) -> None:
        """Continue a resumed run: new options of the optimizers, and the random state.

        The random state needs a single process, since each has its own.
        """
        if self.trainer.strategy.broadcast(self.renew_optimizers):
            schedules = [config.scheduler for config in self.trainer.lr_scheduler_configs]
            self.optimizer.renew(self.networks, self.trainer.optimizers, schedules)
        if self.trainer.world_size == 1 and getattr(self, "_random_state", None) is not None:
            restore_random_state(self._random_state)


def _judged(output: dict[str, Tensor], video: Tensor) -> Judged:
    if "judged" in output:
        return Judged(output["real"], output["judged"])
    return Judged(video, output["filled"])


def _join(judged: list[Judged]) -> Judged:
    return Judged(*(torch.cat(videos) for videos in zip(*judged)))
