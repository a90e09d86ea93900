import numpy as np
import torch

from lgtsm.classical.diffusion import smooth_frames
from lgtsm.ops.smooth_fill import smooth_fill


def clip_with_hole(time=3, height=30, width=37):
    coarse = torch.rand(time, 3, 5, 6)
    video = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic")[None].clamp(0, 1)
    hole = torch.zeros(1, time, 1, height, width)
    for t in range(time):
        hole[:, t, :, 6 + t : 20, 9 : 25 + t] = 1
    return video, hole


def test_it_is_harmonic_and_as_the_fill_of_the_classical_methods():
    video, hole = clip_with_hole()
    filled = smooth_fill(video, hole, relaxations=200)
    around = sum(filled.roll(step, axis) for axis in (3, 4) for step in (1, -1)) / 4
    assert ((filled - around).abs() * hole).max() < 5e-3
    known = (hole == 0).expand_as(video)
    assert torch.equal(filled[known], video[known])
    frames = video[0].permute(0, 2, 3, 1).numpy()
    missing = hole[0, :, 0].numpy() > 0
    expected = smooth_frames(np.where(missing[..., None], 0, frames), missing)
    assert np.abs(filled[0].permute(0, 2, 3, 1).numpy() - expected).max() < 0.05


def test_what_lies_under_the_hole_is_never_looked_at():
    video, hole = clip_with_hole()
    poisoned = video.masked_fill(hole.expand_as(video) > 0, torch.nan)
    assert torch.equal(smooth_fill(poisoned, hole), smooth_fill(video, hole))


def test_frames_that_know_nothing_get_the_mean_and_clips_that_know_nothing_gray():
    video, hole = torch.rand(2, 2, 3, 9, 7), torch.zeros(2, 2, 1, 9, 7)
    hole[0, 1] = 1
    hole[1] = 1
    filled = smooth_fill(video, hole)
    mean = video[0, 0].mean((1, 2), keepdim=True).expand(3, 9, 7)
    torch.testing.assert_close(filled[0, 1], mean)
    assert (filled[1] == 0.5).all()


def test_one_pixel_and_no_hole():
    video = torch.rand(1, 1, 3, 1, 1)
    assert torch.equal(smooth_fill(video, torch.zeros(1, 1, 1, 1, 1)), video)
    assert (smooth_fill(video, torch.ones(1, 1, 1, 1, 1)) == 0.5).all()


def test_half_precision_does_not_overflow():
    video, hole = torch.rand(1, 1, 3, 300, 300), torch.zeros(1, 1, 1, 300, 300)
    hole[..., 100:140, 100:140] = 1
    expected = smooth_fill(video, hole)
    for dtype, tolerance in ((torch.float16, 1e-3), (torch.bfloat16, 1e-2)):
        filled = smooth_fill(video.to(dtype), hole.to(dtype))
        assert filled.dtype == dtype and filled.isfinite().all()
        torch.testing.assert_close(filled.float(), expected, atol=tolerance, rtol=1e-2)
