"""The two sides of the game between generator and discriminator."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from lgtsm.checks import check_choice


class AdversarialLoss(nn.Module):
    """Hinge or least-squares losses on patch scores, Eq. 7-8.

    Hinge: L_D = E[ReLU(1 - D(real))] + E[ReLU(1 + D(fake))], L_G = -E[D(fake)].
    LSGAN: L_D = (E[(D(real) - 1)²] + E[D(fake)²]) / 2, L_G = E[(D(fake) - 1)²].

    Args:
        kind: "hinge" (the paper) or "lsgan" (what the released program runs, on sigmoid scores).

    Source: Chang et al. 2019, Eq. 7-8.
    Differs: Eq. 7 is printed with its two signs exchanged, against Eq. 8; this is what is meant.
    """

    def __init__(self, kind: str = "hinge"):
        super().__init__()
        check_choice("kind", kind, ("hinge", "lsgan"))
        self.kind = kind

    def discriminator(self, real_scores: Tensor, fake_scores: Tensor) -> Tensor:
        """Return what the discriminator minimises, a scalar, from scores of any shape."""
        real, fake = real_scores.float(), fake_scores.float()
        if self.kind == "hinge":
            return F.relu(1 - real).mean() + F.relu(1 + fake).mean()
        return ((real - 1).square().mean() + fake.square().mean()) / 2

    def generator(self, fake_scores: Tensor) -> Tensor:
        """Return what the generator minimises, a scalar, from scores of any shape."""
        fake = fake_scores.float()
        return -fake.mean() if self.kind == "hinge" else (fake - 1).square().mean()
