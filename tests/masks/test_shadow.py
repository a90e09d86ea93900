"""Holes that are widened to the shadow of an object, in scenes whose truth is known."""

import cv2
import numpy as np
import pytest

from lgtsm.masks.shadow import ShadowMask, connected
from tests.masks.test_track import SIDE, overlap, scene

DARKER = 0.6  # of the light


def shaded(length=64, pan=1, across=1.2, dark=DARKER):
    """Return frames of a square with a band of shadow to its right, holes over the square, and holes over both."""
    frames, things = scene(length, pan, across)
    both = things.copy()
    frames = frames.copy()
    for frame, thing, whole in zip(frames, things, both, strict=True):
        rows, columns = np.nonzero(thing)
        foot, right = rows.max(), columns.max() + 1
        band = slice(foot - 7, foot + 1), slice(right, right + SIDE)
        frame[band] = np.rint(frame[band] * dark).astype(np.uint8)
        whole[band] = 1
    return frames, things, both


def widened(frames, holes, cuts=()):
    return ShadowMask(lambda numbers: frames[list(numbers)], list(holes), frames.shape[1:3], cuts)


def added_apart(found, true):
    """Return what was found more than two pixels away from the truth, as a share of it."""
    rim = np.stack([cv2.dilate(hole, np.ones((5, 5), np.uint8)) for hole in true])
    return (found > rim).sum() / true.sum()


@pytest.mark.parametrize("pan", [0, 1])
def test_a_shadow_that_moves_with_its_object_is_added(pan):
    frames, things, both = shaded(pan=pan)
    mask = widened(frames, things)
    found = np.stack(list(mask))
    assert len(mask) == len(found) and found.dtype == np.uint8 and set(np.unique(found)) == {0, 1}
    assert (found >= things).all()
    assert found[both > things].mean() > 0.85
    assert added_apart(found, both) < 0.1
    assert overlap(found, both) > 0.8 > overlap(things, both)
    assert np.array_equal(found, np.stack(list(mask)))  # again


def test_little_is_added_where_there_is_no_shadow():
    frames, things, _ = shaded(dark=1.0)
    found = np.stack(list(widened(frames, things)))
    assert added_apart(found, things) < 0.2  # the background of strong colors is not aligned exactly


def test_what_moves_apart_from_the_object_stays():
    frames, things, _ = shaded(dark=1.0)
    other = np.zeros_like(things)
    for t, (frame, there) in enumerate(zip(frames, other, strict=True)):
        frame[4:16, 120 - t : 132 - t] = (250, 20, 20)
        there[4:16, 120 - t : 132 - t] = 1
    apart = [not (cv2.dilate(o, np.ones((9, 9))) & h).any() for o, h in zip(other, things, strict=True)]
    found = np.stack(list(widened(frames, things)))
    assert found[apart][other[apart] > 0].mean() < 0.05


def test_other_scenes_do_not_count_as_background_and_frames_without_object_stay_empty():
    frames, things, both = shaded(length=48, pan=0)
    frames = np.concatenate([frames, 255 - frames[:8]])
    things = np.concatenate([things, np.zeros_like(things[:8])])
    found = np.stack(list(widened(frames, things, cuts=[48])))
    assert overlap(found[:48], both) > 0.8
    assert not found[48:].any()


def test_large_frames_are_looked_at_small_and_keep_their_holes():
    frames, things, both = shaded(length=40, pan=0)
    large = [np.stack([cv2.resize(one, None, fx=4, fy=4) for one in many]) for many in (frames, things, both)]
    for many in large[1:]:
        many[:] = many > 0
    found = np.stack(list(widened(large[0], large[1])))
    assert found.shape == large[1].shape and (found >= large[1]).all()
    assert overlap(found, large[2]) > 0.8


def test_only_what_hangs_together_and_is_near_is_added():
    thing, difference = np.zeros((60, 90), np.uint8), np.zeros((60, 90), np.float32)
    thing[20:30, 10:20] = 1
    difference[22:27, 20:80] = 50  # reaches on and on
    difference[36:40, 10:14] = 50  # apart
    expected = thing.copy()
    expected[22:27, 20:40] = 1  # twice its side of 10
    found = connected(thing, difference)
    assert (found <= expected).all()
    assert (expected > found).sum() <= 4  # corners


def test_one_frame_has_no_background_to_differ_from():
    frames, things, _ = shaded(length=1)
    assert np.array_equal(np.stack(list(widened(frames, things))), things)
