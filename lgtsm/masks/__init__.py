"""Draw holes: free-form strokes, moving boxes, widened object masks, and mixtures of them. NumPy and OpenCV only."""

from .mixture import MaskMixture
from .object_masks import dilate_hole, dilate_hole_in_time
from .presets import KINDS, PRESETS, StrokePreset, frame_scale
from .sample import sample_hole
from .test_set import TestSet, write_test_set

__all__ = [
    "KINDS",
    "PRESETS",
    "MaskMixture",
    "StrokePreset",
    "TestSet",
    "dilate_hole",
    "dilate_hole_in_time",
    "frame_scale",
    "sample_hole",
    "write_test_set",
]
