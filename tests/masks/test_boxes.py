"""Moving boxes: rectangles that stay in reach of the frame."""

from __future__ import annotations

import numpy as np

from lgtsm.masks import sample_hole
from lgtsm.masks.boxes import Boxes, draw_boxes, sample_boxes


def test_one_box_is_one_rectangle_of_its_size():
    for seed in range(20):
        boxes = sample_boxes(np.random.default_rng(seed), 1, 32, 90, 160)
        hole = np.zeros((32, 90, 160), np.uint8)
        draw_boxes(hole, boxes)
        for t, frame in enumerate(hole):
            (x, y), (wide, high) = boxes.centers[:, t, 0], np.rint(boxes.sides[:, 0])
            columns, rows = np.flatnonzero(frame.any(axis=0)), np.flatnonzero(frame.any(axis=1))
            assert frame.sum() == len(columns) * len(rows)
            assert abs(columns[0] - max(x - wide / 2, 0)) <= 1 and abs(columns[-1] + 1 - min(x + wide / 2, 160)) <= 1
            assert abs(rows[0] - max(y - high / 2, 0)) <= 1 and abs(rows[-1] + 1 - min(y + high / 2, 90)) <= 1


def test_centers_bounce_and_keep_their_speed():
    boxes = sample_boxes(np.random.default_rng(2), 50, 200, 90, 160)
    x, y = boxes.centers
    assert x.min() >= 0 and x.max() <= 160 and y.min() >= 0 and y.max() <= 90
    speed = np.abs(np.diff(x, axis=0))
    turned = np.abs(speed - speed.max(axis=0)) > 1e-9
    assert turned.mean() < 0.1 and turned.any()


def test_sides_are_those_of_the_frame_scaled():
    boxes = sample_boxes(np.random.default_rng(3), 500, 2, 100, 200)
    assert 30 <= boxes.sides[0].min() < 35 and 85 < boxes.sides[0].max() <= 90
    assert 15 <= boxes.sides[1].min() < 18 and 42 < boxes.sides[1].max() <= 45
    assert np.array_equal(boxes.scaled(2.0).sides, 2 * boxes.sides)


def test_boxes_outside_and_tiny_boxes():
    hole = np.zeros((1, 10, 10), np.uint8)
    draw_boxes(hole, Boxes(np.array([[[-30.0]], [[5.0]]]), np.array([[4.0], [4.0]])))
    assert not hole.any()
    draw_boxes(hole, Boxes(np.array([[[5.0]], [[5.0]]]), np.array([[0.0], [0.0]])))
    assert hole.sum() == 1


def test_boxes_are_resized_to_the_share():
    aims = [sample_hole("box", 8, 128, 128, s, num_strokes=1, hole_share=(0.3, 0.31)).mean() for s in range(5)]
    assert all(0.3 <= share < 0.31 for share in aims)
