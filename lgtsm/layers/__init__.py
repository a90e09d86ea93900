"""Modules with weights, to build networks from."""

from lgtsm.layers.convert import add_temporal_shift, set_clip_length, temporal_reach
from lgtsm.layers.convolution import GatedConv, ShiftedConv
from lgtsm.layers.temporal_shift import FixedTemporalShift, LearnableTemporalShift

__all__ = [
    "FixedTemporalShift",
    "GatedConv",
    "LearnableTemporalShift",
    "ShiftedConv",
    "add_temporal_shift",
    "set_clip_length",
    "temporal_reach",
]
