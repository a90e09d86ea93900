from pathlib import Path

import cv2
import numpy as np
import torch

import lgtsm
from lgtsm.ops.smooth_fill import smooth_fill
from lgtsm.video import open_video
from tests.reference.moving_hole import as_tensors, decibels_inside


def test_an_untrained_network_is_about_the_smooth_fill(make_clip):
    torch.manual_seed(0)
    video, hole = make_clip(1, 4, 32, 40)
    filled = lgtsm.create_model("completion", width=8)(video, hole)["filled"]
    smooth = smooth_fill(video, hole)
    inside = hole.expand_as(video) > 0
    assert 0 < (filled - smooth)[inside].std() < 0.1
    assert torch.equal(filled[~inside], video[~inside])


def test_it_learns_what_the_smooth_fill_gets_wrong():
    """A bright spot in the middle of every hole, which the border does not tell."""
    torch.manual_seed(0)
    hole = torch.zeros(2, 3, 1, 24, 24)
    hole[..., 6:18, 6:18] = 1
    spot = torch.zeros(1, 1, 1, 24, 24)
    spot[..., 9:15, 9:15] = 0.4
    model = lgtsm.create_model("completion", width=8)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    losses = []
    for _ in range(80):
        video = torch.rand(2, 1, 3, 1, 1).mul(0.5).expand(2, 3, 3, 24, 24) + spot
        loss = ((model(video, hole)["filled"] - video).square() * hole).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-10:]) < 0.3 * sum(losses[:10])


def test_saved_and_loaded_it_fills_the_same(tmp_path, make_clip):
    video, hole = make_clip(1, 3)
    model = lgtsm.create_model("completion", width=8).eval()
    lgtsm.save_model(model, tmp_path / "w.safetensors")
    with torch.no_grad():
        again = lgtsm.load_model(tmp_path / "w.safetensors")(video, hole)["filled"]
        assert torch.equal(again, model(video, hole)["filled"])


def test_the_weights_that_ship_are_better_than_the_smooth_fill_on_a_clip_not_trained_on(data_folder):
    with open_video(data_folder / "bmx-trees" / "video.mp4", "pyav") as reader:
        frames = np.stack([cv2.resize(frame, (80, 44), interpolation=cv2.INTER_AREA) for frame in reader][:8])
    video, hole = as_tensors(frames, np.zeros(frames.shape[:3], np.uint8))
    hole[..., 10:34, 20:50] = 1
    model = lgtsm.load_model(Path(lgtsm.__file__).parent / "weights" / "completion.safetensors")
    with torch.no_grad():
        filled = model(video, hole)["filled"]
    assert decibels_inside(filled, video, hole) > decibels_inside(smooth_fill(video, hole), video, hole) + 0.2
