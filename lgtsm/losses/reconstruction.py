"""How far the pixels are from the true ones."""

from __future__ import annotations

from torch import Tensor, nn

from lgtsm.checks import check_choice


class ReconstructionLoss(nn.Module):
    """Mean absolute difference of pixels, Eq. 4.

    Args:
        region: "frame" averages over all pixels, "hole" over the missing ones of each clip and then over the clips,
            "frame+hole" adds the two means.
        of: which output is compared: "filled" or "predicted", which differ outside the hole only, or "coarse", the
            first of two results at half resolution (CombCN), with every second row and column of the video.
        squared_weight: factor of the squared difference that is added to the absolute one.

    Source: Chang et al. 2019, Eq. 4; the released program: region="frame", of="filled".
    Differs: the other regions, and the squared part, are ours: a short training learns faster with them.
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
            ValueError: the method has no such output.
        """
        if self.of not in output:
            raise ValueError(
                f"A loss is set on the output {self.of!r}, which this method has not; it has {', '.join(output)}."
            )
        if self.of == "coarse":
            video, hole = video[..., ::2, ::2], hole[..., ::2, ::2]
        error = (output[self.of].float() - video.float()).abs()
        if self.squared_weight:
            error = error + self.squared_weight * error.square()
        total = error.mean() if "frame" in self.regions else 0.0
        if "hole" in self.regions:
            # Clip by clip, so that a batch is the mean of its parts, however it is split over processes.
            hole = (hole > 0.5).float()
            inside = (hole.sum((1, 2, 3, 4)) * video.shape[2]).clamp(min=1)
            total = total + ((error * hole).sum((1, 2, 3, 4)) / inside).mean()
        return total
