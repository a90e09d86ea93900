import pytest
import torch

from lgtsm.layers import FixedTemporalShift, LearnableTemporalShift


@pytest.mark.parametrize("channels", [5, 16, 30])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("groups", "kernel_size"), [(1, 3), (2, 3), (4, 5)])
def test_learnable_starts_as_the_fixed_shift_exactly(channels, groups, kernel_size, causal):
    learnable = LearnableTemporalShift(channels, groups=groups, kernel_size=kernel_size, causal=causal)
    fixed = FixedTemporalShift(channels, groups=groups, causal=causal)
    features = torch.randn(2 * 5, channels, 3, 4)
    assert torch.equal(learnable(features, 5), fixed(features, 5))


def test_published_group_sizes():
    # 5 input channels, half of them in 2 groups: 1 + 1 move and 3 stay.
    layer = LearnableTemporalShift(5)
    assert layer.channels_per_group == 1
    assert layer.kernels.tolist() == [[0, 0, 1], [1, 0, 0]]
    # The fixed shift moves channels // 4 each way.
    assert all(FixedTemporalShift(c).channels_per_group == c // 4 for c in (5, 8, 64, 254))


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("make", [FixedTemporalShift, LearnableTemporalShift])
def test_reach_is_what_the_output_depends_on(make, causal):
    layer = make(8, causal=causal) if make is FixedTemporalShift else make(8, kernel_size=5, causal=causal)
    if make is LearnableTemporalShift:
        torch.nn.init.normal_(layer.kernels)
    features = torch.randn(11, 8, 1, 1, requires_grad=True)
    layer(features, 11)[5].sum().backward()
    seen = features.grad.flatten(1).abs().sum(1).nonzero().flatten()
    behind, ahead = layer.reach
    assert (seen.min(), seen.max()) == (5 - behind, 5 + ahead)
    assert not causal or ahead == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kernel_size": 4}, "odd"),
        ({"shift_fraction": 1.5}, r"\[0, 1\]"),
        ({"groups": 0}, "at least 1"),
        ({"kernel_size": 1}, "at least 3"),
    ],
)
def test_errors(options, words):
    with pytest.raises(ValueError, match=words):
        LearnableTemporalShift(8, **options)
