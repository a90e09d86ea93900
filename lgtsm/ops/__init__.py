"""Functions on tensors, without weights."""

from lgtsm.ops.compositing import composite
from lgtsm.ops.padding import pad_to_multiple
from lgtsm.ops.temporal_shift import fixed_temporal_shift, temporal_shift
from lgtsm.ops.to_uint8 import to_uint8

__all__ = ["composite", "fixed_temporal_shift", "pad_to_multiple", "temporal_shift", "to_uint8"]
