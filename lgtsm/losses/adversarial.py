"""Adversarial losses of generator and discriminator, and feature matching."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lgtsm.checks import check_choice


class AdversarialLoss(nn.Module):
    """Hinge, least-squares or cross-entropy losses on patch scores, Eq. 7-8.

    Hinge: L_D = E[ReLU(1 - D(real))] + E[ReLU(1 + D(fake))], L_G = -E[D(fake)].
    LSGAN: L_D = (E[(D(real) - 1)²] + E[D(fake)²]) / 2, L_G = E[(D(fake) - 1)²].
    NSGAN: L_D = -(E[log σ(D(real))] + E[log(1 - σ(D(fake)))]) / 2, L_G = -E[log σ(D(fake))], σ the sigmoid.

    Args:
        kind: "hinge" (the paper), "lsgan" (the released program, on sigmoid scores) or "nsgan" (non-saturating, as in
            Edge-Connect, on scores without a sigmoid).

    Source: Chang et al. 2019, Eq. 7-8.
    Differs: Eq. 7 is printed with its two signs swapped, which contradicts Eq. 8; this is the intended form.
    """

    def __init__(self, kind: str = "hinge"):
        super().__init__()
        check_choice("kind", kind, ("hinge", "lsgan", "nsgan"))
        self.kind = kind

    def discriminator(self, real_scores: Tensor, fake_scores: Tensor) -> Tensor:
        """Return the discriminator's loss, a scalar, from scores of any shape."""
        real, fake = real_scores.float(), fake_scores.float()
        if self.kind == "hinge":
            return F.relu(1 - real).mean() + F.relu(1 + fake).mean()
        if self.kind == "nsgan":
            return (F.softplus(-real).mean() + F.softplus(fake).mean()) / 2
        return ((real - 1).square().mean() + fake.square().mean()) / 2

    def generator(self, fake_scores: Tensor) -> Tensor:
        """Return the generator's loss, a scalar, from scores of any shape."""
        fake = fake_scores.float()
        if self.kind == "nsgan":
            return F.softplus(-fake).mean()
        return -fake.mean() if self.kind == "hinge" else (fake - 1).square().mean()


def feature_matching(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """Return the mean absolute difference of a discriminator's activations on real and fake, summed over its layers.

    Args:
        discriminator: with `activations(images) -> list of tensors`.
        real, fake: (batch, time, channels, height, width); no gradient flows through the activations of real.

    Source: Nazeri et al. 2019 (EdgeConnect), Eq. 4.
    """
    judge: Any = discriminator
    with torch.no_grad():
        wanted = judge.activations(real.flatten(0, 1))
    found = judge.activations(fake.flatten(0, 1))
    return sum((a.float() - b.float()).abs().mean() for a, b in zip(found, wanted, strict=True))
