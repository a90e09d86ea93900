import numpy as np
import torch

from lgtsm.ops.to_uint8 import to_uint8


def test_bytes_come_back_as_they_were():
    frames = np.arange(256, dtype=np.uint8).reshape(2, 8, 8, 2)
    assert np.array_equal(to_uint8(torch.from_numpy(frames).movedim(-1, -3) / 255), frames)


def test_values_are_rounded_to_the_nearest_and_clipped():
    values = torch.tensor([-0.5, 0.4 / 255, 0.6 / 255, 254.6 / 255, 1.7, torch.inf, torch.nan]).view(1, 1, 7)
    assert to_uint8(values)[0, :, 0].tolist() == [0, 0, 1, 255, 255, 255, 0]


def test_the_input_stays_and_any_float_will_do():
    values = torch.full((3, 2, 2), 1.5, dtype=torch.bfloat16)
    got = to_uint8(values)
    assert (got.shape, got.dtype, got.flags.c_contiguous) == ((2, 2, 3), np.uint8, True)
    assert (got == 255).all() and (values == 1.5).all()
    doubles = torch.full((3, 2, 2), 2.0)
    assert (to_uint8(doubles) == 255).all() and (doubles == 2).all()
