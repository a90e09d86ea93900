"""Logos that stand still while the picture moves."""

import cv2
import numpy as np
import pytest

from lgtsm.masks.logo import LogoMask, slopes, still_parts
from tests.masks.test_track import texture

HEIGHT, WIDTH, LENGTH = 120, 200, 40


def panning(step=4, seed=1):
    wall = texture(HEIGHT, WIDTH + step * LENGTH, seed, 8)
    return np.stack([wall[:, step * t : step * t + WIDTH] for t in range(LENGTH)])


def badge():
    """Return where a badge is, bool: a ring and a bar beside it."""
    drawn = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(drawn, (26, 22), 11, 1, 4)
    cv2.rectangle(drawn, (42, 16), (62, 27), 1, -1)
    return drawn > 0


def overlaid(frames, where, opacity, color=(240, 240, 240)):
    blended = frames + opacity * where[None, ..., None] * (np.array(color) - frames.astype(np.float32))
    return np.round(blended).astype(np.uint8)


def mask_of(frames):
    return LogoMask(lambda: iter(frames), len(frames))


@pytest.mark.parametrize(("opacity", "color"), [(1.0, (240, 240, 240)), (0.5, (240, 240, 240)), (1.0, (128, 128, 128))])
def test_a_logo_is_found_and_next_to_nothing_else(opacity, color):
    where = badge()
    mask = mask_of(overlaid(panning(), where, opacity, color))
    assert len(mask) == LENGTH
    holes = list(mask)
    assert all(hole is holes[0] for hole in holes)  # found once
    assert (holes[0][where] == 1).all()
    near = cv2.dilate(where.astype(np.uint8), np.ones((17, 17), np.uint8)) > 0
    assert not holes[0][~near].any()


@pytest.mark.parametrize("frames", [panning(), np.repeat(panning()[:1], LENGTH, 0), panning()[:4]])
def test_without_a_logo_without_motion_or_with_few_frames_nothing_is_found(frames):
    assert not mask_of(frames).hole.any()


def test_bars_beside_the_picture_are_no_logo():
    frames = panning()
    frames[:, :14] = 0
    frames[:, -14:] = 0
    assert not mask_of(frames).hole.any()


def test_large_frames_are_looked_at_small_and_the_hole_has_their_size():
    where = cv2.resize(badge().astype(np.uint8), None, fx=6, fy=6, interpolation=cv2.INTER_NEAREST) > 0
    large = np.stack([cv2.resize(frame, None, fx=6, fy=6) for frame in panning()[:12]])
    hole = mask_of(overlaid(large, where, 1.0)).hole
    assert hole.shape == (6 * HEIGHT, 6 * WIDTH)
    assert hole[where].mean() > 0.99


def test_slopes_are_the_medians_of_single_frames():
    frames = panning()[:9, :70]  # more than one strip of rows
    usual = slopes(frames)
    y, x = 66, 90
    best = 0.0
    for color in range(3):
        shade = frames[..., color].astype(np.float64)
        across = [
            (2 * (f[y, x + 1] - f[y, x - 1]) + sum(f[y + d, x + 1] - f[y + d, x - 1] for d in (-1, 1))) / 8
            for f in shade
        ]
        down = [
            (2 * (f[y + 1, x] - f[y - 1, x]) + sum(f[y + 1, x + d] - f[y - 1, x + d] for d in (-1, 1))) / 8
            for f in shade
        ]
        edge = np.hypot(np.median(across), np.median(down))
        off = np.hypot(across - np.median(across), down - np.median(down))
        agree = (off < max(0.6 * edge, 1.5)).mean()
        if edge * agree > best:
            best, expected = edge * agree, (edge, agree)
    assert (usual.edge[y, x], usual.agree[y, x]) == pytest.approx(expected, rel=1e-5)
    assert usual.edge.shape == (70, WIDTH)


def test_parts_in_a_still_picture_do_not_count():
    usual = slopes(overlaid(panning(), badge(), 1.0))
    assert still_parts(usual).any()
    assert not still_parts(usual._replace(change=np.zeros_like(usual.change))).any()
