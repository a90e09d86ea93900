"""Networks that nobody trains here: they only look."""
from lgtsm.features.frozen import Frozen
from lgtsm.features.image_features import ImageFeatures

__all__ = ["Frozen", "ImageFeatures"]
