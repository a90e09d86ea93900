"""Methods without learning, called as the networks are: `method(video, hole) -> {"filled", "predicted"}`."""

from lgtsm.classical.fillers import MeanColour, TemporalCopy
from lgtsm.classical.flow_copy import FlowCopy
from lgtsm.classical.tccds import TCCDS

__all__ = ["TCCDS", "FlowCopy", "MeanColour", "TemporalCopy"]
