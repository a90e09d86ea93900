"""Dilation against slow loops over pixels and frames."""

from __future__ import annotations

import numpy as np
import pytest

from lgtsm.masks import dilate_hole, dilate_hole_in_time


def random_hole(seed: int, shape=(4, 14, 17)) -> np.ndarray:
    return (np.random.default_rng(seed).random(shape) < 0.03).astype(np.uint8)


def dilate_slowly(hole: np.ndarray, pixels: int) -> np.ndarray:
    wider = np.zeros_like(hole)
    for t, y, x in np.argwhere(hole):
        for v in range(hole.shape[1]):
            for u in range(hole.shape[2]):
                if (v - y) ** 2 + (u - x) ** 2 <= pixels**2:
                    wider[t, v, u] = 1
    return wider


@pytest.mark.parametrize("pixels", [0, 1, 2, 5])
def test_dilate_hole(pixels):
    hole = random_hole(pixels)
    before = hole.copy()
    assert np.array_equal(dilate_hole(hole, pixels), dilate_slowly(hole, pixels))
    assert np.array_equal(hole, before)


@pytest.mark.parametrize("frames", [0, 1, 2, 9])
def test_dilate_hole_in_time(frames):
    hole = random_hole(frames + 10, (6, 8, 9))
    before = hole.copy()
    expected = np.stack([hole[max(t - frames, 0) : t + frames + 1].max(axis=0) for t in range(6)])
    assert np.array_equal(dilate_hole_in_time(hole, frames), expected)
    assert np.array_equal(hole, before)


@pytest.mark.parametrize("widen", [dilate_hole, dilate_hole_in_time])
def test_errors_are_sentences(widen):
    with pytest.raises(ValueError, match=r"hole.*uint8 \(4, 5\)"):
        widen(np.zeros((4, 5), np.uint8), 1)
    with pytest.raises(ValueError, match="float32"):
        widen(np.zeros((1, 4, 5), np.float32), 1)
    with pytest.raises(ValueError, match="list"):
        widen([[[0]]], 1)
    with pytest.raises(ValueError, match=r"hole.* 255"):
        widen(np.full((1, 4, 5), 255, np.uint8), 1)
    with pytest.raises(ValueError, match=r"at least 0.* -1"):
        widen(np.zeros((1, 4, 5), np.uint8), -1)


def test_contiguity_does_not_matter():
    hole = random_hole(3).transpose(0, 2, 1)
    assert np.array_equal(dilate_hole(hole, 2), dilate_slowly(hole, 2))
