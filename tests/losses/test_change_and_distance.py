import pytest
import torch

from lgtsm.losses import ChangeLoss, DistanceLoss, GeneratorLoss


def test_change_is_the_difference_of_differences_in_the_hole(make_clip):
    video, hole = make_clip(2, 4)
    predicted = torch.rand_like(video)
    expected = 0.0
    for clip in range(2):
        error = (predicted[clip] - video[clip]) * hole[clip]
        total = sum((error[t + 1] - error[t]).abs().sum() for t in range(3))
        expected += total / (hole[clip].sum() * 3) / 2
    torch.testing.assert_close(ChangeLoss()({"predicted": predicted}, video, hole), expected)


def test_a_constant_error_in_a_hole_that_stands_still_does_not_flicker(make_clip):
    video, _ = make_clip(1, 4)
    hole = torch.zeros_like(video[:, :, :1])
    hole[..., 4:9, 5:12] = 1
    assert ChangeLoss()({"predicted": video + 0.3}, video, hole) < 1e-6
    assert ChangeLoss()({"predicted": video[:, :1]}, video[:, :1], hole[:, :1]) == 0


def squared(filled, true):
    return (filled - true).square().mean((1, 2, 3))


def test_distance_is_the_networks_per_share_of_the_hole(make_clip):
    video, hole = make_clip(2, 5)
    filled = torch.where(hole > 0, torch.rand_like(video), video)
    values = [
        [squared(filled[:, t], video[:, t]) / hole[:, t].mean((1, 2, 3)).clamp(min=0.05) for t in range(first, 5, 2)]
        for first in range(2)
    ]
    possible = [torch.stack(frames).mean().item() for frames in values]
    term = DistanceLoss(squared, every=2)
    found = {round(term({"filled": filled}, video, hole).item(), 5) for _ in range(20)}
    assert found == {round(value, 5) for value in possible}


def test_both_join_the_weighted_sum(make_clip):
    video, hole = make_clip(1, 3)
    filled = torch.where(hole > 0, torch.rand_like(video), video)
    output = {"filled": filled, "predicted": filled}
    change, distance = ChangeLoss(), DistanceLoss(squared, every=1)
    loss = GeneratorLoss(None, change=change, distance=distance, weight_change=2.0, weight_distance=3.0)
    total, terms = loss(output, video, hole)
    assert set(terms) == {"change", "distance"}
    assert total.item() == pytest.approx(2 * terms["change"].item() + 3 * terms["distance"].item())
