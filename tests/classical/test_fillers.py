import pytest
import torch

from lgtsm.classical import CLASSICAL, MeanColour, TemporalCopy


def slow_temporal_copy(video, hole):
    filled = video.clone()
    batch, time, _, height, width = video.shape
    for b in range(batch):
        known = (hole[b] == 0).expand_as(video[b])
        mean = torch.stack([video[b, :, c][known[:, c]].mean() for c in range(3)])
        for t in range(time):
            for y in range(height):
                for x in range(width):
                    if hole[b, t, 0, y, x]:
                        times = [s for s in range(time) if not hole[b, s, 0, y, x]]
                        nearest = min(times, key=lambda s: (abs(s - t), s), default=None)
                        filled[b, t, :, y, x] = mean if nearest is None else video[b, nearest, :, y, x]
    return filled


def test_temporal_copy_equals_slow_loop():
    video, hole = torch.rand(2, 6, 3, 4, 5), (torch.rand(2, 6, 1, 4, 5) < 0.6).float()
    hole[0, :, :, 0, 0] = 1  # never known
    torch.testing.assert_close(TemporalCopy()(video, hole)["filled"], slow_temporal_copy(video, hole))


def test_mean_colour(make_clip):
    video, hole = make_clip()
    filled = MeanColour()(video, hole)["filled"]
    mean = torch.stack([video[:, :, c : c + 1][hole == 0].mean() for c in range(3)])
    inside = hole[0, :, 0] > 0
    torch.testing.assert_close(filled[0].permute(0, 2, 3, 1)[inside], mean.expand(int(inside.sum()), 3))


@pytest.mark.parametrize("method", [MeanColour(), TemporalCopy()])
def test_known_pixels_bit_exact_hole_not_looked_at_and_nothing_known(method, make_clip):
    video, hole = make_clip()
    poisoned = video.masked_fill(hole.expand_as(video) > 0, float("nan"))
    filled = method(poisoned, hole)["filled"]
    assert torch.equal(filled, method(video, hole)["filled"])
    assert torch.equal(filled[(hole == 0).expand_as(video)], video[(hole == 0).expand_as(video)])
    assert (method(video, torch.ones_like(hole))["filled"] == 0.5).all()


@pytest.mark.parametrize("name", CLASSICAL)
def test_every_method_in_the_table_is_called_the_same_way(name, make_clip):
    video, hole = make_clip(1, 4, 24, 32)
    output = CLASSICAL[name]()(video, hole)
    assert output["filled"].shape == output["predicted"].shape == video.shape
    known = (hole == 0).expand_as(video)
    assert torch.equal(output["filled"][known], video[known])
    assert output["filled"].isfinite().all()
