"""Compare pixels with the true ones."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from lgtsm.checks import check_choice


class ReconstructionLoss(nn.Module):
    """Mean absolute difference of pixels, Eq. 4.

    Args:
        region: "frame" averages over all pixels, "hole" over the missing ones of each clip and then over the clips,
            "frame+hole" adds the two means.
        of: the output to compare: "filled" or "predicted", which differ only outside the hole, or "coarse", the first
            result at half resolution (CombCN), compared with every second row and column of the video.
        squared_weight: factor of the squared difference, added to the absolute one.

    Source: Chang et al. 2019, Eq. 4; the released program: region="frame", of="filled".
    Differs: the other regions and the squared term are ours; short trainings learn faster with them.
    """

    def __init__(self, region: str = "frame", of: str = "filled", squared_weight: float = 0.0):
        super().__init__()
        check_choice("region", region, ("frame", "hole", "frame+hole"))
        check_choice("of", of, ("filled", "predicted", "coarse"))
        self.regions = region.split("+")
        self.of = of
        self.squared_weight = squared_weight

    def forward(self, output: dict[str, Tensor], video: Tensor, hole: Tensor) -> Tensor:
        """Return a scalar.

        Args:
            output: a method's output, with (batch, time, 3, height, width) tensors.
            video: the true video, (batch, time, 3, height, width) in [0, 1].
            hole: (batch, time, 1, height, width), 1 = missing.

        Raises:
            ValueError: the method lacks this output.
        """
        if self.of not in output:
            raise ValueError(f"A loss uses the output {self.of!r}, but this method returns only {', '.join(output)}.")
        if self.of == "coarse":
            video, hole = video[..., ::2, ::2], hole[..., ::2, ::2]
        error = (output[self.of].float() - video.float()).abs()
        if self.squared_weight:
            error = error + self.squared_weight * error.square()
        total: Any = error.mean() if "frame" in self.regions else 0.0
        if "hole" in self.regions:
            # Average per clip, so that splitting a batch over processes does not change its loss.
            hole = (hole > 0.5).float()
            inside = (hole.sum((1, 2, 3, 4)) * video.shape[2]).clamp(min=1)
            total = total + ((error * hole).sum((1, 2, 3, 4)) / inside).mean()
        return total
