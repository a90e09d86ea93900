"""The generator's loss without the adversarial part, Eq. 9: named terms with weights."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn


class WeightedTerms(NamedTuple):
    """A loss, and each term of it by name, before its weight."""

    total: Tensor
    terms: dict[str, Tensor]


class GeneratorLoss(nn.Module):
    """Weighted sum of reconstruction, perceptual and style loss, and of a coarse result's reconstruction loss.

    Args:
        reconstruction: the pixel term, such as `lgtsm.losses.ReconstructionLoss`, or None.
        perceptual, style: the feature terms, such as `PerceptualLoss` and `StyleLoss`, or None.
        features: frozen network frames -> list of activations, needed by these two; looks at each video once.
        weight_reconstruction, weight_perceptual, weight_style: factors of Eq. 9; a term of weight 0 is not computed.
        coarse: the pixel term of a coarse result, for methods that have one (of="coarse"), or None.
        weight_coarse: its factor.

    Source: Chang et al. 2019, Eq. 9; weights 1, 1, 10. The coarse term: Wang et al. 2019 (CombCN).
    """

    def __init__(
        self,
        reconstruction: nn.Module | None,
        perceptual: nn.Module | None = None,
        style: nn.Module | None = None,
        features: nn.Module | None = None,
        weight_reconstruction: float = 1.0,
        weight_perceptual: float = 1.0,
        weight_style: float = 10.0,
        coarse: nn.Module | None = None,
        weight_coarse: float = 1.0,
    ):
        super().__init__()
        if (perceptual is not None or style is not None) and features is None:
            raise ValueError(
                "A perceptual or style loss needs a feature network: set loss.features, or leave both out."
            )
        self.reconstruction = reconstruction if weight_reconstruction else None
        self.perceptual = perceptual if weight_perceptual else None
        self.style = style if weight_style else None
        self.coarse = coarse if weight_coarse else None
        self.features = features
        self.weights = {
            "reconstruction": weight_reconstruction,
            "perceptual": weight_perceptual,
            "style": weight_style,
            "coarse": weight_coarse,
        }

    def forward(self, output: dict[str, Tensor], video: Tensor, hole: Tensor) -> WeightedTerms:
        """Return the weighted sum and its terms.

        Args:
            output: a method's output, with (batch, time, 3, height, width) tensors.
            video: the true video, (batch, time, 3, height, width) in [0, 1].
            hole: (batch, time, 1, height, width), 1 = missing.
        """
        parts = {}
        if self.reconstruction is not None:
            parts["reconstruction"] = self.reconstruction(output, video, hole)
        if self.coarse is not None:
            parts["coarse"] = self.coarse(output, video, hole)
        if self.perceptual is not None or self.style is not None:
            num_frames = video.shape[1]
            filled = self.features(output["filled"].flatten(0, 1))
            true = self.features(video.flatten(0, 1))
            if self.perceptual is not None:
                parts["perceptual"] = self.perceptual(filled, true, num_frames)
            if self.style is not None:
                parts["style"] = self.style(filled, true, num_frames)
        total = sum((self.weights[name] * value for name, value in parts.items()), video.new_zeros(()))
        return WeightedTerms(total, parts)
