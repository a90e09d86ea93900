import numpy as np
import pytest

from lgtsm.classical import flow
from lgtsm.classical.diffusion import diffuse, smooth_frames
from lgtsm.classical.flow import complete_flow, grid, neighbor_flow
from lgtsm.video import open_video


@pytest.fixture
def photograph(data_folder):
    with open_video(data_folder / "bmx-trees" / "video.mp4", "pyav") as reader:
        return reader.read([0])[0].astype(np.float32) / 255


def test_diffusion_solves_laplace():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:30, 0:37].astype(np.float32)
    harmonic = np.stack([x, x * y / 30, x**2 - y**2], axis=-1)  # equal to the mean of their neighbors everywhere
    known = np.ones((30, 37), bool)
    known[6:22, 8:29] = False
    filled = diffuse(np.where(known[..., None], harmonic, rng.random(harmonic.shape, np.float32)), known)
    assert np.array_equal(filled[known], harmonic[known])
    assert np.abs(filled - harmonic)[..., :2].max() < 0.6
    assert np.abs(filled - harmonic)[..., 2].max() < 0.02 * np.ptp(harmonic[..., 2])


def test_diffusion_of_a_constant_and_of_nothing():
    values = np.full((9, 8, 2), 3, np.float32)
    known = np.zeros((9, 8), bool)
    assert (diffuse(values, known) == 0).all()
    known[4, 7] = True
    np.testing.assert_allclose(diffuse(np.where(known[..., None], values, np.nan), known), values, rtol=1e-6)


def test_a_frame_that_knows_nothing_gets_the_mean():
    frames = np.stack([np.full((4, 4, 3), c, np.float32) for c in (0.2, 0.6)])
    missing = np.zeros((2, 4, 4), bool)
    missing[1] = True
    np.testing.assert_allclose(smooth_frames(frames, missing), 0.2, rtol=1e-6)


def test_completion_continues_zoom_and_rotation():
    position = grid(40, 50)
    flow = (position - (25, 20)) @ np.float32([[0.02, 0.01], [-0.01, 0.02]]) + np.float32((1.5, -0.5))
    reliable = np.ones((40, 50), bool)
    reliable[10:40, 30:] = False  # open at the border of the frame
    completed = complete_flow(np.where(reliable[..., None], flow, np.nan).astype(np.float32), reliable)
    assert np.abs(completed - flow).max() < 0.05


def test_completion_keeps_whole_pixels_whole():
    flow = np.broadcast_to(np.float32((3, -2)), (20, 30, 2))
    reliable = np.ones((20, 30), bool)
    reliable[4:16, 5:25] = False
    assert np.array_equal(complete_flow(flow, reliable), flow)
    assert (complete_flow(flow, np.zeros((20, 30), bool)) == 0).all()


def test_neighbor_flow_of_a_pan_with_a_hole(photograph):
    frames = np.stack([photograph[t : t + 100, 4 * t : 4 * t + 120] for t in range(3)])
    hole = np.zeros((3, 100, 120), bool)
    for t in range(3):
        hole[t, 30:60, 40 + 6 * t : 70 + 6 * t] = True
    forward, backward = neighbor_flow(smooth_frames(frames, hole), hole)
    inside = (slice(None), slice(10, 90), slice(10, 110))
    for found, truth, hole_there in ((forward, (-4, -1), hole[:-1]), (backward, (4, 1), hole[1:])):
        off = np.abs(found - np.float32(truth)).max(-1)
        assert (off[inside] < 0.05).mean() > 0.95
        assert (off[hole_there] < 0.1).mean() > 0.97


@pytest.mark.parametrize("size", [(100, 120), (99, 121)])
def test_large_frames_are_measured_at_half_the_size(photograph, monkeypatch, size):
    height, width = size
    frames = np.stack([photograph[2 * t : 2 * t + height, 4 * t : 4 * t + width] for t in range(3)])
    hole = np.zeros((3, height, width), bool)
    for t in range(3):
        hole[t, 30:60, 40 + 6 * t : 70 + 6 * t] = True
    smooth, seen = smooth_frames(frames, hole), []
    measure = flow._measure
    monkeypatch.setattr(flow, "LARGEST", 60)
    monkeypatch.setattr(flow, "_measure", lambda here, there: seen.append(here.shape) or measure(here, there))
    forward, backward = neighbor_flow(smooth, hole, around=hole)
    assert max(max(shape) for shape in seen) <= 61
    for found, truth, hole_there in ((forward, (-4, -2), hole[:-1]), (backward, (4, 2), hole[1:])):
        assert (np.abs(found - np.float32(truth)).max(-1)[hole_there] < 0.3).mean() > 0.95


def test_flow_around_an_area_is_that_of_the_whole_frame_there_and_zero_elsewhere(photograph):
    frames = np.stack([photograph[t : t + 150, 2 * t : 2 * t + 260] for t in range(2)])
    hole = np.zeros((2, 150, 260), bool)
    hole[:, 20:40, 20:50] = True
    smooth = smooth_frames(frames, hole)
    for part, whole in zip(neighbor_flow(smooth, hole, around=hole), neighbor_flow(smooth, hole)):
        assert np.abs(part - whole)[0, 20:40, 20:50].max() < 0.1
        assert (part[0, 40 + 48 :] == 0).all() and (part[0, :, 50 + 48 :] == 0).all() and part[0, 60, 60].any()
    nowhere = neighbor_flow(smooth, hole, around=np.zeros_like(hole))
    assert not nowhere[0].any() and not nowhere[1].any()


def test_one_frame_and_tiny_frames_have_no_flow():
    forward, backward = neighbor_flow(np.zeros((1, 20, 20, 3), np.float32), np.zeros((1, 20, 20), bool))
    assert forward.shape == backward.shape == (0, 20, 20, 2)
    forward, _ = neighbor_flow(np.random.default_rng(0).random((2, 4, 5, 3), np.float32), np.zeros((2, 4, 5), bool))
    assert (forward == 0).all()
