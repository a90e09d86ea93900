"""Modules with weights, to build networks from."""

from lgtsm.layers.convolution import GatedConv, ShiftedConv
from lgtsm.layers.temporal_shift import FixedTemporalShift, LearnableTemporalShift

__all__ = ["FixedTemporalShift", "GatedConv", "LearnableTemporalShift", "ShiftedConv"]
