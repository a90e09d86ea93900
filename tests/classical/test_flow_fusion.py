import cv2
import numpy as np
import pytest
import torch

import lgtsm
from lgtsm.candidate_channels import AFTER, BEFORE, COMPLETED, HOLE, NEARNESS, SHADES, UNSEEN
from lgtsm.classical import KeyFrames, flow_fusion
from lgtsm.classical.flow_fusion import find_candidates
from lgtsm.layers import streaming
from lgtsm.masks import MaskMixture
from lgtsm.models.candidate_fusion import CandidateFusion
from lgtsm.video import open_video
from tests.reference.moving_hole import as_tensors, decibels_inside


@pytest.fixture
def trees(data_folder):
    """A clip that the shipped network was not trained on, with a hole that stands still before a moving camera."""
    with open_video(data_folder / "bmx-trees" / "video.mp4", "pyav") as reader:
        frames = np.stack([cv2.resize(frame, (160, 96), interpolation=cv2.INTER_AREA) for frame in reader][:10])
    video, hole = as_tensors(frames, np.zeros(frames.shape[:3], np.uint8))
    hole[..., 30:70, 50:100] = 1
    return video, hole


def made_up_candidates(*shape):
    candidates = torch.rand(*shape[:2], 16, *shape[2:])
    candidates[:, :, HOLE] = 0
    candidates[:, :, HOLE, 4:-4, 4:-4] = 1
    return candidates


def test_untrained_it_fills_as_key_frames_do(trees):
    model = lgtsm.create_model("flow-fusion", width=4)
    assert torch.equal(model(*trees)["filled"], KeyFrames()(*trees)["filled"])


def test_candidates_are_what_frames_before_and_after_show():
    """A panned picture of smooth noise, hidden in one frame: both directions show the truth, so far away."""
    rng = np.random.default_rng(0)
    picture = cv2.resize(rng.random((24, 40, 3), dtype=np.float32), (240, 96), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    frames = np.stack([picture[:, 4 * t : 4 * t + 128] for t in range(7)])
    hole = np.zeros(frames.shape[:3], bool)
    hole[3:5, 30:60, 50:80] = True
    found = find_candidates(np.where(hole[..., None], 0, frames), hole)
    inner = np.s_[3, 34:56, 58:76]
    for part in (AFTER, BEFORE, COMPLETED, SHADES):
        assert np.abs(found[..., part] - frames)[inner].max() < 0.02
    assert np.array_equal(found[..., HOLE][..., 0] > 0, hole)
    assert not found[..., UNSEEN][inner].any()
    after, before = np.moveaxis(found[..., NEARNESS], -1, 0)
    assert (before[inner] == 1).all() and (after[4, 34:56, 58:76] == 1).all()
    assert set(np.unique(after[inner]).round(3)) <= {0.333, 0.5, 1}  # the hole stands still: frame 4 shows some of it
    known = ~hole[..., None] & np.ones(3, bool)
    for part in (AFTER, BEFORE, COMPLETED, SHADES):
        assert np.array_equal(found[..., part][known], frames[known])


def test_where_one_direction_shows_nothing_its_candidate_is_the_completed_frame(trees):
    video, hole = trees
    found = lgtsm.create_model("flow-fusion", width=4).find_candidates(video, hole)
    for part, near in ((AFTER, 14), (BEFORE, 15)):
        nothing = (found[:, :, near : near + 1] == 0).expand(-1, -1, 3, -1, -1)
        assert torch.equal(found[:, :, part][nothing], found[:, :, COMPLETED][nothing])
    assert not found[:, -1, 14].any() and not found[:, 0, 15].any()  # nothing comes after the end or before the start
    unseen = (found[:, :, UNSEEN] > 0).expand(-1, -1, 2, -1, -1)
    assert not found[:, :, NEARNESS][unseen].any()


def test_passes_are_the_mean_of_the_clip_mirrored_and_played_backwards(trees):
    """With all four ways in the mean, a turned clip gives the turned result."""
    model, (video, hole) = lgtsm.create_model("flow-fusion", width=4), trees
    torch.nn.init.normal_(model.network.out.weight, std=0.05)
    candidates = model.find_candidates(video[:, :5, :, :48, :64], hole[:, :5, :, :48, :64])
    backwards = candidates.flip(1).clone()
    for a, b in ((AFTER, BEFORE), (slice(14, 15), slice(15, 16))):
        backwards[:, :, a], backwards[:, :, b] = candidates.flip(1)[:, :, b], candidates.flip(1)[:, :, a]
    once = model.fuse(candidates)
    model.passes = 2
    torch.testing.assert_close(model.fuse(candidates), (once + model.network(candidates.flip(-1)).flip(-1)) / 2)
    model.passes = 4
    four = model.fuse(candidates)
    assert (four - once).abs().max() > 1e-3
    torch.testing.assert_close(model.fuse(candidates.flip(-1)).flip(-1), four)
    torch.testing.assert_close(model.fuse(backwards).flip(1), four)


@pytest.mark.parametrize("size", [(30, 44), (29, 43), (60, 80)])
def test_large_frames_are_corrected_at_half_the_size(monkeypatch, size):
    """A network that always adds the same three numbers adds them at any size, to the hole alone."""
    monkeypatch.setattr(flow_fusion, "LARGEST", 20)
    model, seen = lgtsm.create_model("flow-fusion", width=4), []
    with torch.no_grad():
        model.network.out.bias.unflatten(0, (6, 4))[3:] = torch.tensor([[0.2], [-0.1], [0.4]])
    model.network.register_forward_pre_hook(lambda _, inputs: seen.append(tuple(inputs[0].shape[-2:])))
    candidates = made_up_candidates(1, 3, *size)
    fused = model.fuse(candidates)
    assert min(seen[0]) <= 20 and len(seen) == 1
    completed, hole = candidates[:, :, COMPLETED], candidates[:, :, HOLE] > 0
    added = torch.tensor([0.1, -0.05, 0.2])[:, None, None]
    inner = torch.zeros(size, dtype=torch.bool)
    inner[12:-12, 12:-12] = True
    away = inner & hole
    torch.testing.assert_close(fused.masked_fill(hole, 0), completed.masked_fill(hole, 0), atol=0, rtol=0)
    torch.testing.assert_close((fused - completed).masked_select(away), added.expand_as(fused).masked_select(away))


@pytest.mark.parametrize("part", [AFTER, BEFORE, SHADES])
def test_it_learns_which_candidate_is_right(part):
    torch.manual_seed(0)
    network = CandidateFusion(width=8)
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    losses = []
    for _ in range(60):
        candidates = made_up_candidates(1, 3, 24, 32)
        hole = candidates[:, :, HOLE]
        loss = ((network(candidates) - candidates[:, :, part]).square() * hole).sum() / hole.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-5:]) < 0.2 * sum(losses[:5])


@pytest.mark.parametrize("frames", [1, 4, 6])
def test_clips_cut_into_parts_come_out_the_same(frames, monkeypatch):
    monkeypatch.setattr(streaming, "BYTES_AT_ONCE", frames * 2 * 16 * 25 * 30 * 4)
    network = CandidateFusion(width=4).eval()
    torch.nn.init.normal_(network.out.weight, std=0.1)
    candidates = made_up_candidates(2, 11, 25, 30)
    whole = network(candidates)  # with gradients, which keep clips whole
    with torch.no_grad():
        parts = network(candidates)
    assert not torch.equal(whole[:, :, :, 4:-4, 4:-4], candidates[:, :, COMPLETED, 4:-4, 4:-4])
    torch.testing.assert_close(parts, whole.detach(), rtol=0, atol=1e-5)


def test_the_weights_that_ship_are_better_than_key_frames_on_a_clip_not_trained_on(data_folder):
    """In the mean over holes as in the training: one hole alone moves by 0.3 dB with the patches that match."""
    with open_video(data_folder / "bmx-trees" / "video.mp4", "pyav") as reader:
        frames = reader.read(range(24))
    masks, gains = MaskMixture({"object_like": 1.0}, hole_share=(0.1, 0.35)), []
    for seed in range(4):
        video, hole = as_tensors(frames, masks(24, *frames.shape[1:3], [seed]))
        with torch.no_grad():
            ours, theirs = (method(video, hole)["filled"] for method in (lgtsm.load_method("flow-fusion"), KeyFrames()))
        gains.append(decibels_inside(ours, video, hole) - decibels_inside(theirs, video, hole))
    assert sum(gains) / 4 > 0.1
