"""A joining convolution equals a gated one of doubled and joined frames."""

import pytest
import torch
import torch.nn.functional as F

from lgtsm.layers.convolution import GatedConv
from lgtsm.layers.joining import JoiningConv
from lgtsm.layers.streaming import windows
from lgtsm.layers.temporal_shift import LearnableTemporalShift
from lgtsm.ops.temporal_shift import fold_time, unfold_time


@pytest.mark.parametrize("grad", [True, False])
def test_equals_the_plain_form(grad):
    torch.manual_seed(0)
    layer = JoiningConv(6, 4, 5, LearnableTemporalShift(10, 0.5)).double()
    plain = GatedConv(10, 5, 3, padding=1, shift=LearnableTemporalShift(10, 0.5), pointwise_gate=True).double()
    torch.nn.init.normal_(layer.shift.kernels)
    plain.load_state_dict(layer.state_dict())
    small, large = (torch.randn(2, 7, *size, dtype=torch.float64) for size in ((3, 4, 6), (6, 8, 4)))
    doubled = F.interpolate(fold_time(small), scale_factor=2.0)
    with torch.set_grad_enabled(grad):
        expected = unfold_time(plain(torch.cat([doubled, fold_time(large)], 1), 7), 7)
        torch.testing.assert_close(layer.join_window(next(windows(layer, [small])), small, large), expected)


def test_large_frames_may_not_move():
    with pytest.raises(ValueError, match="3 channels of the small frames only; it moves 4"):
        JoiningConv(3, 5, 4, LearnableTemporalShift(8, 0.5))
