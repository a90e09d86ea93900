import cv2
import numpy as np
import pytest
import torch

from lgtsm.classical import KeyFrames
from lgtsm.classical.coarse_shades import completion_network, correct_shades, spans_around
from lgtsm.classical.diffusion import smooth_frames
from lgtsm.video import open_video
from tests.reference.moving_hole import as_tensors


@pytest.fixture
def trees(data_folder):
    """A clip that the network was not trained on, with a hole that no frame shows."""
    with open_video(data_folder / "bmx-trees" / "video.mp4", "pyav") as reader:
        frames = np.stack([cv2.resize(frame, (160, 90), interpolation=cv2.INTER_AREA) for frame in reader][:8])
    missing = np.zeros(frames.shape[:3], bool)
    missing[:, 20:68, 40:100] = True
    return frames.astype(np.float32) / 255, missing


def coarse_error(filled, frames, missing):
    """Root mean square of the blurred error in the hole."""
    blurred = np.stack([cv2.GaussianBlur(a - b, (0, 0), 4) for a, b in zip(filled, frames)])
    return np.sqrt((blurred[missing] ** 2).mean())


def test_its_shades_are_nearer_to_the_truth_than_those_of_the_smooth_fill(trees):
    frames, missing = trees
    smooth = smooth_frames(frames, missing)
    corrected = correct_shades(smooth, missing)
    assert np.array_equal(corrected[~missing], smooth[~missing])
    assert corrected.min() >= 0 and corrected.max() <= 1
    assert coarse_error(corrected, frames, missing) < 0.95 * coarse_error(smooth, frames, missing)


def test_key_frames_move_towards_them(trees):
    frames, missing = (part[:1] for part in trees)
    video, hole = as_tensors((frames * 255).round().astype(np.uint8), missing.astype(np.uint8))
    shades = correct_shades(smooth_frames(frames, missing), missing)
    away = []
    for share in (0, 0.6, 1):
        filled = KeyFrames(learned_share=share, smooth_share=0)(video, hole)["filled"]
        away.append(coarse_error(filled[0].permute(0, 2, 3, 1).numpy(), shades, missing))
    assert away[1] < 0.75 * away[0] and away[2] < 0.75 * away[1]


def test_holes_too_small_for_the_network_stay_as_they_are():
    frames = np.random.default_rng(0).random((2, 180, 320, 3), np.float32)
    missing = np.zeros((2, 180, 320), bool)
    missing[:, 82:84, 100:102] = True
    assert np.array_equal(correct_shades(frames, missing), frames)


@pytest.mark.parametrize("size", [(6, 9), (300, 20), (45, 400)])
def test_any_size(size):
    frames = np.random.default_rng(0).random((2, *size, 3), np.float32)
    missing = np.zeros((2, *size), bool)
    missing[:, : size[0] // 2, : size[1] // 2] = True
    corrected = correct_shades(smooth_frames(frames, missing), missing)
    assert corrected.shape == frames.shape and np.isfinite(corrected).all()
    assert np.array_equal(corrected[~missing], frames[~missing])


def test_spans_are_the_frames_that_wanted_ones_depend_on():
    wanted = np.zeros(12, bool)
    assert spans_around(wanted, 2, 1) == []
    wanted[[0, 5, 6, 11]] = True
    assert spans_around(wanted, 2, 1) == [slice(0, 2), slice(3, 8), slice(9, 12)]
    assert spans_around(wanted, 3, 2) == [slice(0, 12)]


@pytest.mark.parametrize("blank", [False, True])
def test_frames_far_from_the_hole_do_not_matter(blank):
    """The result is that of the whole clip, but for rounding."""
    rng = np.random.default_rng(0)
    frames = np.stack([cv2.GaussianBlur(noise, (0, 0), 3) for noise in rng.random((50, 45, 60, 3), np.float32)])
    missing = np.zeros(frames.shape[:3], bool)
    missing[[3, 4, 45], 10:30, 20:45] = True
    missing[45] |= blank
    smooth = smooth_frames(frames, missing)
    video, hole = torch.from_numpy(smooth).permute(0, 3, 1, 2)[None], torch.from_numpy(missing)[None, :, None].float()
    with torch.no_grad():
        whole = completion_network()(video, hole)["filled"][0].permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(correct_shades(smooth, missing), whole.clip(0, 1), atol=1e-5)
