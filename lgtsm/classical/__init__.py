"""Methods without learning, called as the networks are: `method(video, hole) -> {"filled", "predicted"}`."""

from lgtsm.classical.fillers import MeanColour, TemporalCopy
from lgtsm.classical.flow_copy import FlowCopy
from lgtsm.classical.key_frames import KeyFrames
from lgtsm.classical.tccds import TCCDS
from lgtsm.classical.telea import Telea

# Every method by the name that configurations and command lines know it under.
CLASSICAL = {
    "mean_colour": MeanColour,
    "temporal_copy": TemporalCopy,
    "telea": Telea,
    "flow_copy": FlowCopy,
    "key_frames": KeyFrames,
    "tccds": TCCDS,
}

__all__ = ["CLASSICAL", "TCCDS", "FlowCopy", "KeyFrames", "MeanColour", "Telea", "TemporalCopy"]
