"""Convolutions of doubled frames and of cells equal those of frames that are really made."""

import pytest
import torch
import torch.nn.functional as F

from lgtsm.ops.cell_conv import convolve_cells
from lgtsm.ops.doubled_conv import add_doubled, add_interleaved, interleave, phase_conv2d


@pytest.fixture(params=[True, False], ids=["gradients", "none"])
def grad(request):
    with torch.set_grad_enabled(request.param):
        yield request.param


def numbers(*shape):
    return torch.randn(*shape, dtype=torch.float64)


@pytest.mark.parametrize("size", [(1, 1), (1, 6), (5, 4)])
def test_phases_are_the_convolution_of_doubled_frames(grad, size):
    small, weight, bias = numbers(2, 3, *size), numbers(4, 3, 3, 3), numbers(4)
    doubled = F.interpolate(small, scale_factor=2.0)
    torch.testing.assert_close(
        interleave(phase_conv2d(small, weight, bias)), F.conv2d(doubled, weight, bias, padding=1)
    )
    torch.testing.assert_close(interleave(phase_conv2d(small, weight, None)), F.conv2d(doubled, weight, padding=1))


def test_output_is_channels_last(grad):
    out = interleave(phase_conv2d(torch.randn(2, 3, 4, 5), torch.randn(4, 3, 3, 3), None))
    assert out.is_contiguous(memory_format=torch.channels_last)


def test_gradients_are_those_of_the_plain_form():
    small, weight, bias = (part.requires_grad_() for part in (numbers(2, 3, 4, 5), numbers(4, 3, 3, 3), numbers(4)))
    outer = numbers(2, 4, 8, 10)
    ours = torch.autograd.grad((interleave(phase_conv2d(small, weight, bias)) * outer).sum(), (small, weight, bias))
    plain = F.conv2d(F.interpolate(small, scale_factor=2.0), weight, bias, padding=1)
    torch.testing.assert_close(ours, torch.autograd.grad((plain * outer).sum(), (small, weight, bias)))


def test_adding_to_large_frames(grad):
    large, small = numbers(2, 4, 6, 8).contiguous(memory_format=torch.channels_last), numbers(2, 4, 3, 4)
    phases = numbers(2, 16, 4, 5)
    torch.testing.assert_close(add_interleaved(large.clone(), phases), large + interleave(phases))
    torch.testing.assert_close(add_doubled(large.clone(), small), large + F.interpolate(small, scale_factor=2.0))


@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_cells_need_not_be_gathered(kernel):
    conv = torch.nn.Conv2d(20, 3, kernel, padding=kernel // 2).double()
    frames = numbers(2, 5, 8, 6)
    torch.testing.assert_close(convolve_cells(frames, conv, 2), conv(F.pixel_unshuffle(frames, 2)))
