"""Strokes against Pillow and against plain arithmetic."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from lgtsm.masks import PRESETS, frame_scale
from lgtsm.masks.motion import DIRECTION_COUNT, DIRECTIONS, directions, drift_offsets, jitter_offsets
from lgtsm.masks.strokes import Stroke, draw_stroke, odd_width, sample_strokes
from tests.reference.pil_strokes import draw_strokes_pil, random_clip_pil


def clips(kind: str, count: int, num_frames: int = 6):
    for seed in range(count):
        strokes = sample_strokes(np.random.default_rng(seed), PRESETS[kind], 5, num_frames, 180, 320)
        hole = np.zeros((num_frames, 180, 320), np.uint8)
        for stroke in strokes:
            draw_stroke(hole, stroke)
        yield hole, draw_strokes_pil(strokes, num_frames, 180, 320)


@pytest.mark.parametrize("kind", PRESETS)
def test_drawing_is_pillows_within_a_pixel(kind):
    around = np.ones((3, 3), np.uint8)
    farther = drawn = 0
    for ours, theirs in clips(kind, 8):
        drawn += int(ours.sum())
        for a, b in zip(ours, theirs):
            farther += int((a & ~cv2.dilate(b, around)).sum() + (b & ~cv2.dilate(a, around)).sum())
    # A few ends of pieces are cut differently where they leave the frame.
    assert farther <= 3e-4 * drawn


@pytest.mark.parametrize("kind", ["object_like", "object_like_middle"])
def test_drawing_overlaps_with_pillows(kind):
    both = either = 0
    for ours, theirs in clips(kind, 12):
        both, either = both + int((ours & theirs).sum()), either + int((ours | theirs).sum())
    assert both / either > 0.97


@pytest.mark.parametrize(("kind", "tolerance"), [("object_like", 0.12), ("rand_curve", 0.2)])
def test_random_clips_are_covered_like_the_obvious_ones(kind, tolerance):
    ours, theirs = [], []
    for seed in range(40):
        hole = np.zeros((12, 180, 320), np.uint8)
        for stroke in sample_strokes(np.random.default_rng(seed), PRESETS[kind], 5, 12, 180, 320):
            draw_stroke(hole, stroke)
        ours.append(hole.mean())
        theirs.append(random_clip_pil(PRESETS[kind], 5, 12, 180, 320, seed).mean())
    assert np.mean(ours) == pytest.approx(np.mean(theirs), rel=tolerance)


@pytest.mark.parametrize("brush_width", [1, 3, 5, 9, 21, 35])
def test_brush_is_as_wide_as_it_says(brush_width):
    points = np.array([[[20, 40], [60, 40]]], np.int32)
    hole = np.zeros((1, 80, 80), np.uint8)
    draw_stroke(hole, Stroke(points, brush_width))
    assert hole[0, :, 40].sum() == brush_width
    assert hole[0, 40].sum() == 41 + brush_width - 1


@pytest.mark.parametrize(("width", "odd"), [(0.3, 1), (2, 1), (2.5, 3), (3, 3), (4, 3), (4.1, 5), (20, 19), (35, 35)])
def test_odd_width(width, odd):
    assert odd_width(width) == odd


@pytest.mark.parametrize("kind", PRESETS)
def test_strokes_keep_to_the_table(kind):
    preset = PRESETS[kind]
    strokes = sample_strokes(np.random.default_rng(5), preset, 300, 3, 180, 320)
    vertices = [stroke.points.shape[1] - 1 for stroke in strokes]
    assert (min(vertices), max(vertices)) == preset.vertices
    brushes = [stroke.brush_width for stroke in strokes]
    assert min(brushes) >= preset.brush_width[0] - 1 and max(brushes) <= preset.brush_width[1]
    for points, _ in strokes:
        assert points.dtype == np.int32 and points.shape[::2] == (3, 2)
        assert (points[0, 0] >= 0).all() and (points[0, 0] < (320, 180)).all()
        assert np.hypot(*np.diff(points[0], axis=0).T).max() <= preset.head_speed + math.sqrt(2)


def test_motion_is_drift_and_jitter():
    preset = PRESETS["object_like"]
    for points, _ in sample_strokes(np.random.default_rng(6), preset, 40, 32, 180, 320):
        steps = np.diff(points, axis=0)
        # The vertices that do not jitter all move by the drift: the most frequent step.
        for step in steps[::6]:
            kinds, times = np.unique(step, axis=0, return_counts=True)
            assert np.abs(step - kinds[times.argmax()]).max() <= 2 * preset.jitter + 1


def test_jitter_has_the_moments_of_the_table():
    preset = PRESETS["object_like"]
    walk = jitter_offsets(np.random.default_rng(1), preset, 40, 600)
    jumps = np.diff(walk, axis=1)
    assert walk.shape == (2, 40, 600) and not walk[:, 0].any()
    assert jumps.min() == -10 and jumps.max() == 10 and (jumps == np.rint(jumps)).all()
    # Half of the vertices stay; one in 21 of the others too, in one axis.
    assert (jumps == 0).mean() == pytest.approx(0.5 + 0.5 / 21, abs=0.01)
    assert (jumps == 0).all(axis=0).mean() == pytest.approx(0.5, abs=0.01)
    assert jumps.mean() == pytest.approx(0, abs=0.1)
    assert jumps.var() == pytest.approx(0.5 * 10 * 11 / 3, rel=0.03)
    assert np.corrcoef(*[axis[(jumps != 0).any(axis=0)] for axis in jumps])[0, 1] == pytest.approx(0, abs=0.03)


def test_drift_has_the_moments_of_the_table():
    walk = drift_offsets(np.random.default_rng(1), 4000, 3, drift_speed=10.0, turn=0.0)
    steps = np.diff(walk, axis=1)
    assert walk.shape == (2, 3, 4000) and not walk[:, 0].any()
    assert np.array_equal(steps[:, 0], steps[:, 1])
    # |N(0, 5)| has the mean 5 * sqrt(2 / pi); cutting to whole pixels takes a little less than half a pixel per axis.
    assert np.hypot(*(np.abs(steps[:, 0]) + 0.45)).mean() == pytest.approx(5 * math.sqrt(2 / math.pi), rel=0.05)
    turning = drift_offsets(np.random.default_rng(1), 4000, 3, drift_speed=2000.0, turn=0.5)
    angles = np.arctan2(*np.diff(turning, axis=1))
    turns = (angles[1] - angles[0] + math.pi) % (2 * math.pi) - math.pi
    assert turns.std() == pytest.approx(0.5, rel=0.05)


def test_direction_table_is_the_same_on_every_machine():
    angles = 2 * np.pi * np.arange(DIRECTION_COUNT) / DIRECTION_COUNT
    exact = np.stack([np.sin(angles), np.cos(angles)])
    assert np.abs(DIRECTIONS - exact).max() < 2.0**-24
    # The last bits, in which machines differ, cannot carry any entry over a rounding boundary.
    fraction = np.abs(exact * 2.0**24) % 1
    assert np.abs(fraction - 0.5).min() > 1e-6
    assert np.array_equal(directions(np.array([-1.0, 4095.5])), DIRECTIONS[:, [4095, 4095]])


def test_frame_scale():
    assert frame_scale(180, 320) == 1.0
    assert frame_scale(360, 640) == 2.0
    assert frame_scale(128, 128) == pytest.approx(128 / 240)
