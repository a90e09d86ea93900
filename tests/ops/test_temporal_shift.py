import pytest
import torch

from lgtsm.ops import fixed_temporal_shift, temporal_shift
from tests.reference.temporal_shift_loop import slow_temporal_shift

TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-6, torch.bfloat16: 3e-2}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("grad", [True, False])
@pytest.mark.parametrize(
    ("kernel_size", "groups", "per_group"), [(3, 2, 2), (5, 4, 1), (3, 1, 5), (7, 2, 0), (11, 2, 2)]
)
def test_equals_slow_loop(kernel_size, groups, per_group, causal, dtype, grad):
    features = torch.randn(2 * 4, 7, 3, 5, dtype=dtype)
    kernels = torch.randn(groups, kernel_size, dtype=dtype)
    with torch.set_grad_enabled(grad):
        fast = temporal_shift(features, kernels, 4, per_group, causal)
    slow = slow_temporal_shift(features.double(), kernels.double(), 4, per_group, causal)
    torch.testing.assert_close(fast.double(), slow, atol=TOLERANCE[dtype] * 5, rtol=TOLERANCE[dtype])
    assert fast.dtype == dtype


def test_even_causal_kernel_equals_slow_loop():
    features, kernels = torch.randn(6, 4, 2, 2), torch.randn(2, 2)
    torch.testing.assert_close(
        temporal_shift(features, kernels, 3, 2, True), slow_temporal_shift(features, kernels, 3, 2, True)
    )


def test_gradients_match_finite_differences():
    features = torch.randn(6, 5, 2, 2, dtype=torch.float64, requires_grad=True)
    kernels = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda f, k: temporal_shift(f, k, 3, 2), (features, kernels))


@pytest.mark.parametrize("num_frames", [1, 2, 5])
def test_fixed_shift_copies_frames(num_frames):
    features = torch.randn(2 * num_frames, 6, 3, 3)
    shifted = fixed_temporal_shift(features, num_frames, 2, (1, -1)).view(2, num_frames, 6, 3, 3)
    video = features.view(2, num_frames, 6, 3, 3)
    zeros = torch.zeros(2, 1, 2, 3, 3)
    assert torch.equal(shifted[:, :, :2], torch.cat([video[:, 1:, :2], zeros], 1))
    assert torch.equal(shifted[:, :, 2:4], torch.cat([zeros, video[:, :-1, 2:4]], 1))
    assert torch.equal(shifted[:, :, 4:], video[:, :, 4:])


def test_keeps_channels_last():
    features = torch.randn(4, 8, 6, 6).contiguous(memory_format=torch.channels_last)
    for shifted in (temporal_shift(features, torch.randn(2, 3), 4, 2), fixed_temporal_shift(features, 4, 2)):
        assert shifted.is_contiguous(memory_format=torch.channels_last)


def test_does_not_write_into_its_input():
    features = torch.randn(4, 8, 2, 2)
    before = features.clone()
    temporal_shift(features, torch.randn(2, 3), 4, 2)
    fixed_temporal_shift(features, 4, 2)
    assert torch.equal(features, before)


@pytest.mark.parametrize(
    ("shape", "num_frames", "per_group", "taps", "words"),
    [
        ((5, 4, 2, 2), 4, 1, 3, "num_frames=4"),
        ((4, 2, 2, 2), 4, 2, 3, "4 channels"),
        ((4, 4, 2, 2), 4, 1, 4, "odd"),
    ],
)
def test_errors_say_what_came(shape, num_frames, per_group, taps, words):
    with pytest.raises(ValueError, match=words):
        temporal_shift(torch.zeros(shape), torch.zeros(2, taps), num_frames, per_group)
