"""Holes that are kept packed."""

import cv2
import numpy as np

from lgtsm.masks.packed_holes import PackedHoles


def test_holes_come_back_as_they_were_and_at_the_size_of_the_video():
    small = (np.random.default_rng(0).random((13, 21)) < 0.3).astype(np.uint8)
    holes = PackedHoles((13, 21), (40, 64))
    holes.keep(3, small)
    assert np.array_equal(holes.at_small_size(3), small)
    assert np.array_equal(holes[3], cv2.resize(small.astype(np.float32), (64, 40)) >= 0.5)
    assert holes[3].dtype == np.uint8
    assert not holes.at_small_size(4).any() and holes[4].shape == (40, 64) and not holes[4].any()
    holes.keep(3, np.zeros_like(small))
    assert not holes[3].any()
    holes.keep(5, small > 0)
    holes.drop(5)
    assert not holes[5].any()
