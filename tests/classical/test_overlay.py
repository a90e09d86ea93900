"""Half-transparent overlays, taken off again."""

import numpy as np
import pytest

from lgtsm.classical.diffusion import smooth_frames
from lgtsm.classical.overlay import OverlayEstimate
from tests.masks.test_logo import HEIGHT, WIDTH, badge, overlaid, panning


def scenes(count=5):
    """Return frames of several scenes that pan."""
    return np.concatenate([panning(4, seed)[::2] for seed in range(count)])


def estimate(frames, hole):
    found = OverlayEstimate(hole.astype(np.uint8), len(frames))
    for frame in frames:
        found.add(frame)
    return found.overlay()


def psnr(frames, true, where):
    return 10 * np.log10(255**2 / np.mean((frames.astype(np.float64) - true)[:, where] ** 2))


@pytest.mark.parametrize("opacity", [0.3, 0.6])
def test_the_picture_comes_back_far_closer_than_a_smooth_fill(opacity):
    true, where = scenes(), badge()
    frames = overlaid(true, where, opacity, (240, 200, 40))
    overlay = estimate(frames, where)
    assert abs(overlay.opacity[where] - opacity).mean() < 0.06
    assert not overlay.hole.any()
    assert overlay.told == "The picture under 100% of what is removed is brought back; the rest is filled."
    back = np.stack([overlay.take_off(frame) for frame in frames[::5]])
    assert np.array_equal(back[:, ~where], frames[::5][:, ~where])
    smooth = smooth_frames(frames[::5].astype(np.float32), np.broadcast_to(where, (len(frames[::5]), HEIGHT, WIDTH)))
    assert psnr(back, true[::5], where) > psnr(smooth, true[::5], where) + 6


def test_with_true_statistics_the_blend_is_undone_to_rounding():
    overlay = estimate(scenes(), badge())
    opacity, light = np.float32(0.4), np.float32([96.0, 80.0, 16.0])
    known = type(overlay)(badge() * opacity, badge()[..., None] * light, np.zeros_like(overlay.hole))
    frame = scenes()[0]
    shown = np.round(frame * (1 - known.opacity[..., None]) + known.light).astype(np.uint8)
    assert np.abs(known.take_off(shown).astype(int) - frame)[badge()].max() <= 1


@pytest.mark.parametrize("why", ["opaque", "still", "short", "changing"])
def test_what_cannot_be_seen_through_stays_in_the_hole(why):
    true, where = scenes(), badge()
    if why == "still":
        true = np.repeat(true[:1], len(true), 0)
    if why == "short":
        true = true[:20]
    frames = overlaid(true, where, 1.0 if why == "opaque" else 0.5)
    if why == "changing":  # another overlay in each half
        frames[::2] = overlaid(true[::2], where, 0.5, (0, 0, 90))
    overlay = estimate(frames, where)
    assert (overlay.hole[where] == 1).mean() > 0.95
    if why in ("still", "short"):
        assert overlay.told.startswith("Nothing can be seen through")
        assert np.array_equal(overlay.take_off(frames[0]), frames[0])
