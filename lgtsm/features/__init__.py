"""Networks that nobody trains here: they only look."""
from lgtsm.features.frozen import Frozen
from lgtsm.features.i3d import I3D
from lgtsm.features.image_features import ImageFeatures

__all__ = ["I3D", "Frozen", "ImageFeatures"]
