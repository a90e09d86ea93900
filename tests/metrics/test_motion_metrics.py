"""Warping error and flicker, against loops."""

import numpy as np
import pytest
import torch
from torch import nn

from lgtsm.features import DISFlow, RAFTFlow
from lgtsm.metrics import TemporalFlicker, WarpingError
from tests.metrics.cases import make_pairs


class Steady(nn.Module):
    """Flow of a scene that moves by whole pixels: forwards to the right, backwards to the left."""

    def __init__(self, x, y):
        super().__init__()
        self.x, self.y, self.calls = x, y, 0

    def forward(self, first, second):
        self.calls += 1
        sign = 1 if self.calls % 2 else -1
        flow = torch.zeros(len(first), 2, *first.shape[2:])
        flow[:, 0], flow[:, 1] = sign * self.x, sign * self.y
        return flow


def test_warping_error_is_the_definition():
    filled, video, hole = (t[:1] for t in make_pairs())
    metric = WarpingError(Steady(2, 1))
    scores, counted = metric.score(filled, video, hole)
    assert metric.names == ("warping_error_steady", "warping_error_steady_hole")
    frames, missing = filled[0].double().numpy(), hole[0, :, 0].numpy()
    per_pair, per_pair_hole = [], []
    for t in range(2):
        everywhere, inside = [], []
        for y in range(24 - 1):  # one row and two columns leave the frame
            for x in range(28 - 2):
                value = ((frames[t, :, y, x] - frames[t + 1, :, y + 1, x + 2]) ** 2).mean()
                everywhere.append(value)
                if missing[t, y, x]:
                    inside.append(value)
        per_pair.append(np.mean(everywhere))
        per_pair_hole.append(np.mean(inside))
    assert scores["warping_error_steady"].item() == pytest.approx(np.mean(per_pair), rel=1e-5)
    assert scores["warping_error_steady_hole"].item() == pytest.approx(np.mean(per_pair_hole), rel=1e-5)
    assert all(bool(value) for value in counted.values())


def test_warping_error_of_a_moving_scene_is_small_and_of_a_flickering_one_is_not():
    wide = nn.functional.interpolate(torch.rand(1, 3, 12, 20), (48, 80), mode="bicubic").clamp(0, 1)[0]
    video = torch.stack([wide[:, :40, 2 * t : 2 * t + 60] for t in range(4)])[None]
    hole = torch.ones(1, 4, 1, 40, 60)
    metric = WarpingError(DISFlow())
    quiet = metric.score(video, video, hole)[0]["warping_error"].item()
    flickering = (video + torch.tensor([0.0, 0.1, 0.0, 0.1]).view(1, 4, 1, 1, 1)).clamp(0, 1)
    assert quiet < 1e-3
    assert metric.score(flickering, video, hole)[0]["warping_error"].item() > quiet + 5e-3


def test_flow_of_one_video_is_computed_once_for_all_methods():
    flow = Steady(0, 0)
    metric = WarpingError(flow)
    filled, video, hole = (t[:1] for t in make_pairs())
    metric.score(filled, video, hole)
    metric.score(video, video, hole)
    assert flow.calls == 2
    metric.score(video, 1 - video, hole)
    assert flow.calls == 4


def test_flicker_is_the_definition():
    filled, video, hole = (t[:1] for t in make_pairs())
    f, v, h = filled[0].double().numpy(), video[0].double().numpy(), hole[0, :, 0].numpy()
    h[1, :, :9] = 0  # a hole that moves
    moving = torch.from_numpy(h)[None, :, None]
    values = [
        np.abs((f[t + 1, :, y, x] - f[t, :, y, x]) - (v[t + 1, :, y, x] - v[t, :, y, x])).mean()
        for t in range(2)
        for y in range(24)
        for x in range(28)
        if h[t, y, x] or h[t + 1, y, x]
    ]
    assert TemporalFlicker().score(filled, video, moving)[0]["flicker_hole"].item() == pytest.approx(
        np.mean(values), rel=1e-6
    )


def test_a_constant_error_is_no_flicker_and_one_that_alternates_is():
    video = torch.full((2, 5, 3, 8, 8), 0.4)
    hole = torch.ones(2, 5, 1, 8, 8)
    filled = video + 0.2
    filled[1, ::2] -= 0.3
    values, counted = TemporalFlicker().score(filled, video, hole)
    assert values["flicker_hole"].tolist() == pytest.approx([0, 0.3], abs=1e-6)
    one_frame = TemporalFlicker().score(filled[:, :1], video[:, :1], hole[:, :1])[1]["flicker_hole"]
    assert (counted["flicker_hole"].tolist(), one_frame.tolist()) == ([True, True], [False, False])
    assert WarpingError(DISFlow()).score(filled[:, :1], video[:, :1], hole[:, :1])[1]["warping_error"].tolist() == [
        False,
        False,
    ]


def test_raft_looks_in_full_precision_under_autocast():
    torch.manual_seed(2)
    filled, video, hole = (t[:1, :2] for t in make_pairs())
    flow = RAFTFlow("raft_small", weights=None)
    expected = WarpingError(flow)._flow_of(video[0])[0]
    metric = WarpingError(flow)
    with torch.autocast("cpu", torch.bfloat16):
        metric.score(filled, video, hole)
    torch.testing.assert_close(metric._last[1][0], expected, rtol=1e-6, atol=1e-6)
