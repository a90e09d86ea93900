"""Methods without learning, called as the networks are: `method(video, hole) -> {"filled", "predicted"}`."""
from lgtsm.classical.fillers import MeanColour, TemporalCopy

__all__ = ["MeanColour", "TemporalCopy"]
