"""How far the pixels are from the true ones."""

from __future__ import annotations

from torch import Tensor, nn

from lgtsm.checks import check_choice


class ReconstructionLoss(nn.Module):
    """Mean absolute (or squared) difference of pixels, Eq. 4.

    Args:
        region: "frame" averages over all pixels, "hole" over the missing ones.
        of: which output is compared, "filled" or "predicted"; they differ outside the hole only.
        norm: "l1", or "l2" for the squared difference.

    Source: Chang et al. 2019, Eq. 4; the released program: region="frame", of="filled".
    """

    def __init__(self, region: str = "frame", of: str = "filled", norm: str = "l1"):
        super().__init__()
        check_choice("region", region, ("frame", "hole"))
        check_choice("of", of, ("filled", "predicted"))
        check_choice("norm", norm, ("l1", "l2"))
        self.region = region
        self.of = of
        self.norm = norm

    def forward(self, output: dict[str, Tensor], video: Tensor, hole: Tensor) -> Tensor:
        """Return a scalar.

        Args:
            output: a method's output, with (batch, time, 3, height, width) tensors.
            video: the true video, (batch, time, 3, height, width) in [0, 1].
            hole: (batch, time, 1, height, width), 1 = missing.
        """
        difference = output[self.of].float() - video.float()
        difference = difference.abs() if self.norm == "l1" else difference.square()
        if self.region == "frame":
            return difference.mean()
        hole = (hole > 0.5).float()
        return (difference * hole).sum() / (hole.sum() * video.shape[2]).clamp(min=1)
