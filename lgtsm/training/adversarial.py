"""The GAN stage: when the discriminator joins, and the losses of both networks."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import Tensor, nn

from lgtsm.checks import check_choice
from lgtsm.losses.adversarial import AdversarialLoss, feature_matching
from lgtsm.losses.gradient_penalty import GradientPenalty
from lgtsm.losses.weighted_sum import WeightedTerms
from lgtsm.training.plateau import Plateau


class DiscriminatorLoss(NamedTuple):
    """The discriminator's total loss, its terms by name, and statistics of its scores for the log."""

    total: Tensor
    terms: dict[str, Tensor]
    statistics: dict[str, Tensor]


class AdversarialTraining:
    """Settings of the GAN stage.

    Args:
        loss: the losses on scores, like `lgtsm.losses.AdversarialLoss`; hinge by default.
        weight: factor of L_G in Eq. 9.
        start_step: batches before the discriminator joins; until then it is not trained.
        start_plateau: start earlier, once a validation score stops improving, or None.
        step_order: "generator_first" (the released program) or "discriminator_first".
        gradient_penalty: a penalty on the discriminator's gradients at real videos, or None.
        feature_matching: factor of the generator's feature matching loss in the GAN stage; needs a discriminator with
            `activations`.

    Source: Chang et al. 2019, Sections 3.2 and 4.1.
    """

    def __init__(
        self,
        loss: nn.Module | None = None,
        weight: float = 1.0,
        start_step: int = 0,
        start_plateau: Plateau | None = None,
        step_order: str = "generator_first",
        gradient_penalty: GradientPenalty | None = None,
        feature_matching: float = 0.0,
    ):
        check_choice("step_order", step_order, ("generator_first", "discriminator_first"))
        self.loss: Any = loss or AdversarialLoss()
        self.weight = weight
        self.start_step = start_step
        self.plateau = start_plateau
        self.discriminator_first = step_order == "discriminator_first"
        self.gradient_penalty = gradient_penalty
        self.feature_matching = feature_matching

    def check(self, discriminator: nn.Module | None) -> None:
        """Refuse a discriminator that lacks a required feature.

        Raises:
            ValueError: feature matching needs a discriminator with `activations`.
        """
        if self.feature_matching and not hasattr(discriminator, "activations"):
            raise ValueError(
                "Feature matching needs a discriminator with activations. Use discriminator=edge_connect, or set "
                "adversarial.feature_matching=0."
            )

    def stage(self, step: int) -> str:
        """Return the stage at a step: "pretrain", or "gan" once the discriminator has joined."""
        start = self.start_step
        if self.plateau is not None and self.plateau.reached_at is not None:
            start = min(start, self.plateau.reached_at)
        return "gan" if step >= start else "pretrain"

    def generator_loss(self, discriminator: nn.Module, real: Tensor, judged: Tensor, hole: Tensor) -> WeightedTerms:
        """Return the GAN's terms of the generator's loss.

        Args:
            discriminator: called (video, hole) -> scores.
            real, judged: (batch, time, channels, height, width), true and filled.
            hole: (batch, time, 1, height, width), 1 = missing.
        """
        terms = {"adversarial": self.loss.generator(discriminator(judged, hole))}
        total = self.weight * terms["adversarial"]
        if self.feature_matching:
            terms["feature_matching"] = feature_matching(discriminator, real, judged)
            total = total + self.feature_matching * terms["feature_matching"]
        return WeightedTerms(total, terms)

    def discriminator_loss(
        self, discriminator: nn.Module, real: Tensor, judged: Tensor, hole: Tensor, step: int
    ) -> DiscriminatorLoss:
        """Return the discriminator's loss at a step; arguments as in `generator_loss`."""
        real_scores, fake_scores = discriminator(real, hole), discriminator(judged, hole)
        total = self.loss.discriminator(real_scores, fake_scores)
        terms = {"discriminator": total}
        if self.gradient_penalty is not None and self.gradient_penalty.due(step):
            terms["gradient_penalty"] = self.gradient_penalty(discriminator, real, hole)
            total = total + terms["gradient_penalty"]
        real_scores, fake_scores = real_scores.detach().float(), fake_scores.detach().float()
        statistics = {
            "score_real": real_scores.mean(),
            "score_fake": fake_scores.mean(),
            # How often a true patch scores above its filled one: 0.5 is chance, 1 is always.
            "told_apart": ((real_scores > fake_scores).float() + 0.5 * (real_scores == fake_scores)).mean(),
        }
        return DiscriminatorLoss(total, terms, statistics)

    def validated(self, scores: dict[str, Tensor], step: int) -> None:
        """Take validation scores; before the GAN stage, a plateau starts it."""
        if self.plateau is not None and self.stage(step) == "pretrain":
            self.plateau.update(scores, step)

    def state_dict(self) -> dict[str, Any] | None:
        """Return the state to resume from, as plain values."""
        return None if self.plateau is None else self.plateau.state_dict()

    def load_state_dict(self, state: dict[str, Any] | None) -> None:
        """Restore the state of `state_dict`."""
        if self.plateau is not None and state is not None:
            self.plateau.load_state_dict(state)
