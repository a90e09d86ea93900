import pytest
import torch

import lgtsm
from lgtsm.classical import MeanColor, SmoothFill, TemporalCopy
from lgtsm.ops.smooth_fill import smooth_fill


def slow_temporal_copy(video, hole):
    """Copy pixel by pixel, then fill what is left of each frame by itself."""
    filled = video.clone()
    batch, time, _, height, width = video.shape
    for b in range(batch):
        never = torch.zeros(1, 1, 1, height, width)
        for t in range(time):
            for y in range(height):
                for x in range(width):
                    if hole[b, t, 0, y, x]:
                        times = [s for s in range(time) if not hole[b, s, 0, y, x]]
                        nearest = min(times, key=lambda s: (abs(s - t), s), default=None)
                        if nearest is None:
                            never[..., y, x] = 1
                        else:
                            filled[b, t, :, y, x] = video[b, nearest, :, y, x]
        for t in range(time):
            filled[b, t] = smooth_fill(filled[b : b + 1, t : t + 1], never)[0, 0]
    return filled


def test_temporal_copy_equals_slow_loop():
    video, hole = torch.rand(2, 6, 3, 8, 9), (torch.rand(2, 6, 1, 8, 9) < 0.6).float()
    hole[0, :, :, 2:6, 3:7] = 1  # never known
    hole[1] = (torch.rand(6, 1, 8, 9) < 0.4).float()
    hole[1, 0] = 0
    torch.testing.assert_close(TemporalCopy()(video, hole)["filled"], slow_temporal_copy(video, hole))


def test_what_no_frame_knows_is_filled_smoothly_from_known_and_copied_pixels():
    ramp = torch.linspace(0.1, 0.9, 32).expand(1, 3, 3, 32, 32).clone()
    hole = torch.zeros(1, 3, 1, 32, 32)
    hole[..., 10:20, 10:20] = 1  # in every frame
    hole[:, 0, :, 6:24, 6:24] = 1  # around it, in the first: copied from the second
    poisoned = ramp.masked_fill(hole > 0, float("nan"))
    filled = TemporalCopy()(poisoned, hole)["filled"]
    assert (filled - ramp).abs().max() < 0.05  # the mean color would be wrong by 0.15
    assert torch.equal(filled[:, 0], filled[:, 1])
    other = poisoned.clone()
    other[:, 1] = 1 - other[:, 1]
    changed = TemporalCopy()(other, hole)["filled"]
    assert (changed[:, 0] - filled[:, 0])[..., 10:20, 10:20].abs().max() > 0.1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_temporal_copy_in_other_precisions(dtype):
    # More pixels than float16 can count.
    video = torch.nn.functional.interpolate(torch.rand(2, 3, 5, 5), (272, 288), mode="bilinear")[None].to(dtype)
    hole = torch.zeros(1, 2, 1, 272, 288, dtype=dtype)
    hole[..., 40:90, 50:120] = 1
    hole[:, 0, :, 30:100, 30:150] = 1
    output = TemporalCopy()(video, hole)
    expected = TemporalCopy()(video.double(), hole.double())["filled"]
    assert output["filled"].dtype == output["predicted"].dtype == dtype
    torch.testing.assert_close(output["filled"].double(), expected, rtol=0, atol=5e-3)


def test_mean_color(make_clip):
    video, hole = make_clip()
    filled = MeanColor()(video, hole)["filled"]
    mean = torch.stack([video[:, :, c : c + 1][hole == 0].mean() for c in range(3)])
    inside = hole[0, :, 0] > 0
    torch.testing.assert_close(filled[0].permute(0, 2, 3, 1)[inside], mean.expand(int(inside.sum()), 3))


@pytest.mark.parametrize("method", [MeanColor(), TemporalCopy(), SmoothFill()])
def test_known_pixels_bit_exact_hole_not_looked_at_and_nothing_known(method, make_clip):
    video, hole = make_clip()
    poisoned = video.masked_fill(hole.expand_as(video) > 0, float("nan"))
    filled = method(poisoned, hole)["filled"]
    assert torch.equal(filled, method(video, hole)["filled"])
    assert torch.equal(filled[(hole == 0).expand_as(video)], video[(hole == 0).expand_as(video)])
    assert (method(video, torch.ones_like(hole))["filled"] == 0.5).all()


@pytest.mark.parametrize("name", lgtsm.list_models(networks=False))
def test_every_method_without_weights_is_called_the_same_way(name, make_clip):
    video, hole = make_clip(1, 4, 24, 32)
    output = lgtsm.create_model(name)(video, hole)
    assert output["filled"].shape == output["predicted"].shape == video.shape
    known = (hole == 0).expand_as(video)
    assert torch.equal(output["filled"][known], video[known])
    assert output["filled"].isfinite().all()
