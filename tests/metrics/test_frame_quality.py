import math
import pickle

import cv2
import numpy as np
import pytest
import torch

from lgtsm.metrics import FrameQuality, frame_scores


@pytest.fixture
def pair(make_clip):
    video, hole = make_clip(3, 2, 32, 36)
    return (video + 0.1 * torch.randn_like(video)).clamp(0, 1), video, hole


def slow_ssim(a, b):
    """Wang et al. 2004 with OpenCV's Gaussian filter, one color plane."""
    blur = lambda x: cv2.GaussianBlur(x, (11, 11), 1.5, borderType=cv2.BORDER_REFLECT_101)  # noqa: E731
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    cov = blur(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    return (2 * mean_a * mean_b + c1) * (2 * cov + c2) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))


def test_against_numpy_and_opencv(pair):
    filled, video, hole = (t.double().numpy() for t in pair)
    scores = frame_scores(*pair)
    for b in range(3):
        squares = (filled[b] - video[b]) ** 2
        inside = np.broadcast_to(hole[b] > 0, squares.shape)
        assert scores["mse"][b].item() == pytest.approx(squares.mean(), rel=1e-6)
        assert scores["mse_hole"][b].item() == pytest.approx(squares[inside].mean(), rel=1e-6)
        assert scores["psnr"][b].item() == pytest.approx(10 * math.log10(1 / squares.mean()), rel=1e-6)
        assert scores["psnr_hole"][b].item() == pytest.approx(-10 * math.log10(squares[inside].mean()), rel=1e-6)
        maps = np.stack([[slow_ssim(filled[b, t, c], video[b, t, c]) for c in range(3)] for t in range(2)])
        assert scores["ssim"][b].item() == pytest.approx(maps.mean(), abs=1e-4)
        assert scores["ssim_hole"][b].item() == pytest.approx(maps[inside].mean(), abs=1e-4)


def test_equal_videos_score_best_and_no_hole_is_not_counted(make_clip):
    video, hole = make_clip(2)
    hole[1] = 0
    metric = FrameQuality()
    metric.update(video, video, hole)
    scores = metric.compute()
    assert scores["psnr"] == scores["psnr_hole"] == 100
    assert scores["ssim"].item() == pytest.approx(1, abs=1e-5)
    assert frame_scores(video, video, hole)["mse_hole"][1].isnan()
    assert metric.count_mse == 2
    assert metric.count_mse_hole == 1


@pytest.mark.parametrize("base", [0.5, 0.99])
def test_equal_flat_clips_have_ssim_one_under_autocast(base):
    flat = base + 0.01 * torch.rand(2, 2, 3, 32, 36)
    hole = torch.zeros(2, 2, 1, 32, 36)
    hole[..., 8:20, 8:20] = 1
    metric = FrameQuality()
    with torch.autocast("cpu", torch.bfloat16):
        scores = frame_scores(flat, flat, hole)
        metric.update(flat, flat, hole)
    for name in ("ssim", "ssim_hole"):
        assert scores[name].tolist() == pytest.approx([1, 1], abs=1e-4)
        assert metric.compute()[name].item() == pytest.approx(1, abs=1e-4)


def test_a_broken_result_is_never_scored_as_a_number(make_clip):
    video, hole = make_clip(2)
    broken = video.clone()
    broken[1, 0, 0, 0, 0] = float("nan")
    metric = FrameQuality()
    metric.update(broken, video, hole)
    assert metric.compute()["mse"].isnan()


def test_batches_equal_the_whole_processes_add_up_and_it_pickles(pair):
    whole, first, second = FrameQuality(), FrameQuality(), FrameQuality()
    whole.update(*pair)
    first.update(*(t[:1] for t in pair))
    second.update(*(t[1:] for t in pair))
    second = pickle.loads(pickle.dumps(second))
    # What distributed reduction does with states of dist_reduce_fx="sum".
    for state in first._defaults:
        setattr(first, state, getattr(first, state) + getattr(second, state))
    for name, value in whole.compute().items():
        assert first.compute()[name].item() == pytest.approx(value.item(), rel=1e-12)
    whole.reset()
    assert whole.count_mse == 0
    assert whole.sum_mse.dtype == torch.float64


def test_errors(pair):
    filled, video, hole = pair
    assert filled.shape == video.shape
    with pytest.raises(ValueError, match=r"filled.*shape"):
        frame_scores(filled[:, :1], video, hole)
