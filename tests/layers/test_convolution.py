import pytest
import torch
import torch.nn.functional as F

from lgtsm.layers import FixedTemporalShift, GatedConv, LearnableTemporalShift, ShiftedConv
from tests.reference.temporal_shift_loop import slow_temporal_shift


def test_gated_convolution_is_equations_1_to_3():
    layer = GatedConv(8, 6, 3, stride=1, padding=1, shift=LearnableTemporalShift(8))
    torch.nn.init.normal_(layer.shift.kernels)
    x = torch.randn(2 * 3, 8, 5, 7)
    gating = F.conv2d(x, layer.gate.weight, layer.gate.bias, padding=1)  # the gate sees the unshifted input
    shifted = slow_temporal_shift(x, layer.shift.kernels, 3, 2, False)
    features = F.conv2d(shifted, layer.feature.weight, layer.feature.bias, padding=1)
    expected = 1 / (1 + torch.exp(-gating)) * torch.where(features > 0, features, 0.2 * features)
    torch.testing.assert_close(layer(x, 3), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("grad", [True, False])
def test_pointwise_gates_see_their_own_pixel_alone(grad):
    layer = GatedConv(8, 6, 3, padding=2, dilation=2, shift=LearnableTemporalShift(8), pointwise_gate=True)
    x = torch.randn(2 * 3, 8, 5, 7)
    gating = torch.einsum("oi,nihw->nohw", layer.gate.weight[:, :, 0, 0], x) + layer.gate.bias[:, None, None]
    shifted = slow_temporal_shift(x, layer.shift.kernels, 3, 2, False)
    features = F.conv2d(shifted, layer.feature.weight, layer.feature.bias, padding=2, dilation=2)
    expected = 1 / (1 + torch.exp(-gating)) * torch.where(features > 0, features, 0.2 * features)
    with torch.set_grad_enabled(grad):
        before = x.clone()
        torch.testing.assert_close(layer(x, 3), expected, atol=1e-5, rtol=1e-5)
        assert torch.equal(x, before)


@pytest.mark.parametrize("sizes", [{"stride": 2, "padding": 1}, {"padding": 0}, {"padding": (1, 1, 1, 1)}])
def test_pointwise_gates_need_a_layer_that_keeps_the_size(sizes):
    with pytest.raises(ValueError, match="keeps the size"):
        GatedConv(4, 4, 3, pointwise_gate=True, **sizes)


def test_gate_does_not_see_other_frames():
    layer = GatedConv(8, 4, 3, padding=1, shift=FixedTemporalShift(8))
    torch.nn.init.zeros_(layer.feature.weight)
    torch.nn.init.ones_(layer.feature.bias)
    x = torch.randn(3, 8, 4, 4, requires_grad=True)
    layer(x, 3)[1].sum().backward()
    assert (x.grad[1] != 0).any()
    assert (x.grad[[0, 2]] == 0).all()


def test_last_layer_has_no_activation_and_plain_layer_no_gate():
    layer = ShiftedConv(4, 4, 1, activation=False)
    x = torch.randn(2, 4, 3, 3)
    torch.testing.assert_close(layer(x, 1), F.conv2d(x, layer.feature.weight, layer.feature.bias))
    assert not hasattr(layer, "gate")


@pytest.mark.parametrize("autocast", [False, True])
@pytest.mark.parametrize(
    ("make", "sizes"), [(GatedConv, (16, 32, 3)), (GatedConv, (5, 16, 5)), (ShiftedConv, (64, 64, 5))]
)
def test_spectral_norm_acts_on_the_weight_that_is_used(make, sizes, autocast):
    layer = make(*sizes, padding=1, spectral_norm=True)
    convs = [layer.feature, layer.gate] if make is GatedConv else [layer.feature]
    with torch.no_grad():
        for conv in convs:
            conv.parametrizations.weight.original.mul_(7)
    layer.train()
    x = torch.randn(2, sizes[0], 8, 8)
    optimizer = torch.optim.SGD(layer.parameters(), lr=1e-3)
    for _ in range(20):
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            loss = layer(x, 1).float().square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    used = {}
    handles = [conv.register_forward_hook(lambda c, i, o: used.update({c: (i[0], o)})) for conv in convs]
    layer.eval()
    layer(x, 1)
    for handle in handles:
        handle.remove()
    for conv in convs:
        inputs, outputs = used[conv]
        # The weight is recovered from what the convolution does, not from what it says.
        torch.testing.assert_close(F.conv2d(inputs, conv.weight, conv.bias, padding=1), outputs, atol=1e-5, rtol=1e-4)
        largest = torch.linalg.svdvals(conv.weight.detach().flatten(1))[0]
        assert 0.9 < largest <= 1.01


@pytest.mark.parametrize("make", [GatedConv, ShiftedConv])
def test_start_keeps_the_variance(make):
    x = torch.randn(4, 64, 24, 24)
    for _ in range(6):
        layer = make(64, 64, 3, padding=1, shift=FixedTemporalShift(64))
        layer.start_with_variance_kept()
        y = layer(F.pad(x, (1, 1, 1, 1), mode="circular"), 4)[:, :, 1:-1, 1:-1]
        inner = slice(1, 3)  # the frames at the ends lose the shifted channels to zeros
        assert 0.6 < (y[inner].square().mean() / x[inner].square().mean()) < 1.4
        x = y
