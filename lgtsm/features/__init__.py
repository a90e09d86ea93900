"""Frozen networks that metrics and losses look through."""

from lgtsm.features.frozen import Frozen
from lgtsm.features.i3d import I3D
from lgtsm.features.image_features import ImageFeatures
from lgtsm.features.optical_flow import DISFlow, RAFTFlow
from lgtsm.features.stlpips import STLPIPSNetwork

__all__ = ["I3D", "DISFlow", "Frozen", "ImageFeatures", "RAFTFlow", "STLPIPSNetwork"]
