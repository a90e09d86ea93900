"""The GAN's part of a training: when the discriminator takes part, and what both networks then minimize."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import Tensor, nn

from lgtsm.checks import check_choice
from lgtsm.losses.adversarial import AdversarialLoss, feature_matching
from lgtsm.losses.gradient_penalty import GradientPenalty
from lgtsm.losses.weighted_sum import WeightedTerms
from lgtsm.training.plateau import Plateau


class DiscriminatorLoss(NamedTuple):
    """What the discriminator minimizes, the terms of it by name, and what its scores say, for the log."""

    total: Tensor
    terms: dict[str, Tensor]
    statistics: dict[str, Tensor]


class AdversarialTraining:
    """Everything about the GAN stage that an option sets.

    Args:
        loss: the losses on scores, like `lgtsm.losses.AdversarialLoss`; its hinge by default.
        weight: factor of L_G in Eq. 9.
        start_step: batches before the discriminator takes part; until then it is not touched.
        start_plateau: lets it take part earlier, once a validation score stands still, or None.
        step_order: "generator_first" (the released program) or "discriminator_first".
        gradient_penalty: a penalty on the discriminator's gradients at real videos, or None.
        feature_matching: factor of the generator's feature matching loss, from the same batch on; needs a
            discriminator with `activations`.

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
        self.loss = loss or AdversarialLoss()
        self.weight = weight
        self.start_step = start_step
        self.plateau = start_plateau
        self.discriminator_first = step_order == "discriminator_first"
        self.gradient_penalty = gradient_penalty
        self.feature_matching = feature_matching

    def check(self, discriminator: nn.Module | None) -> None:
        """Refuse a discriminator that cannot do what is asked of it.

        Raises:
            ValueError: feature matching needs activations that it does not show.
        """
        if self.feature_matching and not hasattr(discriminator, "activations"):
            raise ValueError(
                "Feature matching needs a discriminator that shows its activations, such as "
                "discriminator=edge_connect; or set adversarial.feature_matching=0."
            )

    def stage(self, step: int) -> str:
        """Return "pretrain", or "gan" from the step on that the discriminator takes part in."""
        start = self.start_step
        if self.plateau is not None and self.plateau.reached_at is not None:
            start = min(start, self.plateau.reached_at)
        return "gan" if step >= start else "pretrain"

    def generator_loss(self, discriminator: nn.Module, real: Tensor, judged: Tensor, hole: Tensor) -> WeightedTerms:
        """Return what the GAN adds to the generator's loss.

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
        """Return the discriminator's loss at a step; arguments as of `generator_loss`."""
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
            # How often a true patch scores above its filled one: 0.5 cannot tell, 1 always tells.
            "told_apart": ((real_scores > fake_scores).float() + 0.5 * (real_scores == fake_scores)).mean(),
        }
        return DiscriminatorLoss(total, terms, statistics)

    def validated(self, scores: dict[str, Tensor], step: int) -> None:
        """Take a validation's scores before the stage has begun: it begins where they stand still."""
        if self.plateau is not None and self.stage(step) == "pretrain":
            self.plateau.update(scores, step)

    def state_dict(self) -> dict[str, Any] | None:
        """Return what a resumed run has to know, in plain values."""
        return None if self.plateau is None else self.plateau.state_dict()

    def load_state_dict(self, state: dict[str, Any] | None) -> None:
        """Take up what `state_dict` returned."""
        if self.plateau is not None and state is not None:
            self.plateau.load_state_dict(state)
