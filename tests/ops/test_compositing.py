import torch

from lgtsm.ops import composite, pad_to_multiple


def test_known_pixels_are_bit_exact_beside_nan_and_half_precision():
    video = torch.rand(1, 2, 3, 4, 4)
    hole = (torch.rand(1, 2, 1, 4, 4) > 0.5).float()
    predicted = torch.full_like(video, float("nan"), dtype=torch.float16)
    filled = composite(video, hole, predicted)
    known = (hole == 0).expand_as(video)
    assert torch.equal(filled[known], video[known])
    assert filled[~known].isnan().all()
    assert filled.dtype == video.dtype


def test_padding_repeats_the_edge_and_leaves_fitting_sizes_alone():
    frames = torch.rand(2, 5, 3, 8)
    padded = pad_to_multiple(frames, 4)
    assert padded.shape == (2, 5, 4, 8)
    assert torch.equal(padded[:, :, :3], frames)
    assert torch.equal(padded[:, :, 3], frames[:, :, 2])
    assert pad_to_multiple(padded, 4) is padded
    assert (pad_to_multiple(frames, 4, value=7.0)[:, :, 3] == 7).all()
