import numpy as np
import pytest
import torch

from lgtsm.classical import FlowCopy, KeyFrames
from lgtsm.video import open_video
from tests.reference.moving_hole import as_tensors, decibels_inside


@pytest.fixture
def wood(data_folder):
    with open_video(data_folder / "hand-held" / "a_learning-area-frog_00.mp4", "pyav") as reader:
        return reader.read(range(8))[:, 20:140, 20:180]


def test_what_no_frame_shows_has_texture_and_does_not_flicker(wood):
    video, hole = as_tensors(wood, np.zeros(wood.shape[:3], np.uint8))
    hole[..., 40:80, 30:80] = 1
    truth = video[..., 40:80, 30:80]
    filled, smooth = (method(video, hole)["filled"][..., 40:80, 30:80] for method in (KeyFrames(), FlowCopy()))
    assert filled.std((3, 4)).mean() > 0.5 * truth.std((3, 4)).mean()
    detail = [clip.diff(dim=-1).abs().mean() for clip in (filled, smooth, truth)]
    assert detail[0] > 2 * detail[1] and detail[0] > 0.4 * detail[2]
    assert (filled.mean((1, 3, 4)) - truth.mean((1, 3, 4))).abs().max() < 0.08
    assert filled.diff(dim=1).abs().mean() < 1.5 * truth.diff(dim=1).abs().mean()


def test_a_completed_texture_is_carried_along_the_motion():
    """A hole that moves with a panned picture of noise: each frame shows the same completion, moved."""
    picture = torch.nn.functional.interpolate(torch.rand(1, 3, 40, 60), scale_factor=4, mode="bicubic")[0].clamp(0, 1)
    video = torch.stack([picture[:, 20:116, 3 * t : 3 * t + 128] for t in range(8)])[None]
    hole = torch.zeros(1, 8, 1, 96, 128)
    for t in range(8):
        hole[:, t, :, 30:60, 70 - 3 * t : 110 - 3 * t] = 1
    filled = KeyFrames()(video, hole)["filled"][0]
    pieces = torch.stack([filled[t, :, 30:60, 70 - 3 * t : 110 - 3 * t] for t in range(8)])
    assert pieces.std(0).mean() < 0.02
    assert pieces.std((2, 3)).mean() > 0.05


def test_what_other_frames_show_is_copied_as_flow_copy_does(wood):
    video, hole = as_tensors(wood, np.zeros(wood.shape[:3], np.uint8))
    hole[:, 3, :, 30:80, 40:90] = 1  # in one frame only
    filled, copied = (method(video, hole)["filled"] for method in (KeyFrames(), FlowCopy()))
    same = ((filled - copied).abs() < 1e-6).float()[hole.expand_as(video) > 0].mean()
    assert same > 0.9
    assert decibels_inside(filled, video, hole) > 30


def test_threads_change_nothing(wood):
    video, hole = as_tensors(wood[:, :64, :80], np.zeros((8, 64, 80), np.uint8))
    hole[..., 20:44, 20:44] = 1
    before = torch.get_num_threads()
    try:
        results = []
        for threads in (1, 2):
            torch.set_num_threads(threads)
            results.append(KeyFrames()(video, hole)["filled"])
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*results)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"updates": 0}, "updates"), ({"smooth_share": 1.5}, "smooth_share"), ({"learned_share": -1}, "learned_share")],
)
def test_refuses_what_cannot_be(options, words):
    with pytest.raises(ValueError, match=words):
        KeyFrames(**options)


@pytest.mark.parametrize("seed", range(6))
def test_colors_stay_in_range(seed):
    torch.manual_seed(seed)
    video, hole = (torch.rand(1, 1, 3, 40, 50) > 0.5).float(), torch.zeros(1, 1, 1, 40, 50)
    hole[..., 10:30, 12:38] = 1
    filled = KeyFrames()(video, hole)["filled"]
    assert filled.min() >= 0 and filled.max() <= 1


def test_autocast_changes_nothing(wood):
    video, hole = as_tensors(wood[:3, :64, :80], np.zeros((3, 64, 80), np.uint8))
    hole[..., 20:44, 20:44] = 1
    expected = KeyFrames()(video, hole)["filled"]
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(KeyFrames()(video, hole)["filled"], expected)
