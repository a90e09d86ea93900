"""Losses to minimize. Pixel terms are called `term(output, video, hole)` with a method's output."""

from lgtsm.losses.adversarial import AdversarialLoss, feature_matching
from lgtsm.losses.change import ChangeLoss
from lgtsm.losses.distance import DistanceLoss
from lgtsm.losses.gradient_penalty import GradientPenalty
from lgtsm.losses.perceptual import PerceptualLoss
from lgtsm.losses.reconstruction import ReconstructionLoss
from lgtsm.losses.style import StyleLoss
from lgtsm.losses.weighted_sum import GeneratorLoss

__all__ = [
    "AdversarialLoss",
    "ChangeLoss",
    "DistanceLoss",
    "GeneratorLoss",
    "GradientPenalty",
    "PerceptualLoss",
    "ReconstructionLoss",
    "StyleLoss",
    "feature_matching",
]
