import numpy as np
import pytest
import torch

from lgtsm.classical import TCCDS, FlowCopy
from lgtsm.video import open_video
from tests.reference.moving_hole import as_tensors, decibels_inside


def checkerboard(num_frames, height, width, cell, speed):
    """A board that moves to the left, float (time, height, width, 3)."""
    y, x = np.mgrid[0:height, 0:width]
    boards = [((y // cell + (x + speed * t) // cell) % 2) for t in range(num_frames)]
    return (np.stack(boards)[..., None] * np.uint8((200, 160, 90)) + np.uint8((20, 40, 60))).astype(np.uint8)


def test_pattern_that_no_frame_shows_is_continued():
    video, hole = as_tensors(checkerboard(4, 64, 72, 6, 0), np.zeros((4, 64, 72), np.uint8))
    hole[..., 24:40, 28:44] = 1
    assert decibels_inside(TCCDS()(video, hole)["filled"], video, hole) > 20
    assert decibels_inside(FlowCopy()(video, hole)["filled"], video, hole) < 14


def test_static_hole_in_a_real_clip_is_filled_without_gaps_and_calmly(data_folder):
    with open_video(data_folder / "hand-held" / "a_learning-area-frog_00.mp4", "pyav") as reader:
        frames = reader.read(range(4))[:, 40:120, 60:160]
    video, hole = as_tensors(frames, np.zeros(frames.shape[:3], np.uint8))
    hole[..., 20:50, 10:50] = 1
    filled = TCCDS()(video, hole)["filled"]
    inside = filled[..., 20:50, 10:50]
    assert inside.isfinite().all() and inside.min() > 0.02
    # Wood goes on as wood: about its colors and its grain, and it flickers no more than the clip does.
    truth = video[..., 20:50, 10:50]
    assert (inside.mean((1, 3, 4)) - truth.mean((1, 3, 4))).abs().max() < 0.08
    assert inside.std((3, 4)).mean() > 0.5 * truth.std((3, 4)).mean()
    assert inside.diff(dim=1).abs().mean() < 1.5 * truth.diff(dim=1).abs().mean()


def test_the_seed_decides():
    video, hole = torch.rand(1, 2, 3, 32, 32), torch.zeros(1, 2, 1, 32, 32)
    hole[..., 10:20, 10:20] = 1
    first, again, other = (TCCDS(seed=seed)(video, hole)["filled"] for seed in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"patch_size": 4}, "patch_size"),
        ({"patch_size": 1}, "patch_size"),
        ({"updates": 0}, "^updates"),
        ({"flow_updates": -1}, "flow_updates"),
    ],
)
def test_refuses_what_cannot_be(options, words):
    with pytest.raises(ValueError, match=words):
        TCCDS(**options)
