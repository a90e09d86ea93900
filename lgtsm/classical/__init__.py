"""Methods without learning, called as the networks are: `method(video, hole) -> {"filled", "predicted"}`.

`FlowFusion` puts a network behind one of them. `lgtsm.models.catalog` has their names.
"""

from lgtsm.classical.fillers import MeanColor, SmoothFill, TemporalCopy
from lgtsm.classical.flow_copy import FlowCopy
from lgtsm.classical.flow_fusion import FlowFusion
from lgtsm.classical.key_frames import KeyFrames
from lgtsm.classical.tccds import TCCDS
from lgtsm.classical.telea import Telea

__all__ = ["TCCDS", "FlowCopy", "FlowFusion", "KeyFrames", "MeanColor", "SmoothFill", "Telea", "TemporalCopy"]
