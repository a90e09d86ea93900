"""The generator's loss without the adversarial term, Eq. 9: named terms with weights."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn


class WeightedTerms(NamedTuple):
    """A total loss, and its unweighted terms by name."""

    total: Tensor
    terms: dict[str, Tensor]


class GeneratorLoss(nn.Module):
    """Weighted sum of reconstruction, perceptual, style, coarse reconstruction, change and distance losses.

    Args:
        reconstruction: the pixel term, such as `lgtsm.losses.ReconstructionLoss`, or None.
        perceptual, style: the feature terms, such as `PerceptualLoss` and `StyleLoss`, or None.
        features: frozen network frames -> list of activations, required by these two and run once per video.
        weight_reconstruction, weight_perceptual, weight_style: factors of Eq. 9; a term of weight 0 is not computed.
        coarse: the pixel term for methods with a coarse result (of="coarse"), or None.
        weight_coarse: its factor.
        change: the term of `lgtsm.losses.ChangeLoss`, or None. weight_change: its factor.
        distance: the term of `lgtsm.losses.DistanceLoss`, or None. weight_distance: its factor.

    Source: Chang et al. 2019, Eq. 9; weights 1, 1, 10. The coarse term: Wang et al. 2019 (CombCN). Change and
    distance are ours.
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
        change: nn.Module | None = None,
        weight_change: float = 1.0,
        distance: nn.Module | None = None,
        weight_distance: float = 1.0,
    ):
        super().__init__()
        if (perceptual is not None or style is not None) and features is None:
            raise ValueError("A perceptual or style loss needs a feature network. Set loss.features, or drop both.")
        self.features = features
        self.weights = {
            "reconstruction": weight_reconstruction,
            "perceptual": weight_perceptual,
            "style": weight_style,
            "coarse": weight_coarse,
            "change": weight_change,
            "distance": weight_distance,
        }
        self.pixel_terms = self._used(reconstruction=reconstruction, coarse=coarse, change=change, distance=distance)
        self.feature_terms = self._used(perceptual=perceptual, style=style)

    @property
    def has_terms(self) -> bool:
        """Whether there is any term."""
        return len(self.pixel_terms) + len(self.feature_terms) > 0

    def _used(self, **terms: nn.Module | None) -> nn.ModuleDict:
        return nn.ModuleDict({name: term for name, term in terms.items() if term is not None and self.weights[name]})

    def forward(self, output: dict[str, Tensor], video: Tensor, hole: Tensor) -> WeightedTerms:
        """Return the weighted sum and its terms.

        Args:
            output: a method's output, with (batch, time, 3, height, width) tensors.
            video: the true video, (batch, time, 3, height, width) in [0, 1].
            hole: (batch, time, 1, height, width), 1 = missing.
        """
        parts = {name: term(output, video, hole) for name, term in self.pixel_terms.items()}
        if self.feature_terms and self.features is not None:
            filled, true = (self.features(frames.flatten(0, 1)) for frames in (output["filled"], video))
            parts |= {name: term(filled, true, video.shape[1]) for name, term in self.feature_terms.items()}
        total = sum((self.weights[name] * value for name, value in parts.items()), video.new_zeros(()))
        return WeightedTerms(total, parts)
