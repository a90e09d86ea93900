"""Keep the discriminator smooth around true videos (R1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lgtsm.checks import check_positive


class GradientPenalty:
    """R1: weight / 2 times the squared norm of the gradient of the summed scores at real videos, mean over the batch.

    Args:
        weight: gamma of R1.
        every: steps between two penalties; each is multiplied by this, so that their mean stays the same.

    Source: Mescheder et al. 2018 (Which training methods for GANs do actually converge), Eq. 9; taken every few steps
    as in Karras et al. 2020 (StyleGAN2).
    """

    def __init__(self, weight: float, every: int = 1):
        check_positive("weight", weight)
        check_positive("every", every)
        self.weight = weight
        self.every = every

    def due(self, step: int) -> bool:
        """Return whether a step adds the penalty."""
        return step % self.every == 0

    def __call__(self, discriminator: nn.Module, real: Tensor, hole: Tensor) -> Tensor:
        """Return the penalty, a scalar with gradients for the discriminator.

        Args:
            discriminator: called (video, hole) -> scores.
            real: (batch, time, 3, height, width) in [0, 1].
            hole: (batch, time, 1, height, width), 1 = missing.
        """
        # Squares of small gradients need full precision.
        with torch.autocast(real.device.type, enabled=False):
            real = real.detach().float().requires_grad_(True)
            scores = discriminator(real, hole.float())
            (gradient,) = torch.autograd.grad(scores.sum(), real, create_graph=True)
        return self.every * self.weight / 2 * gradient.square().flatten(1).sum(1).mean()
