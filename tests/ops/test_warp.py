import cv2
import numpy as np
import pytest
import torch

from lgtsm.ops.warp import flow_is_consistent, warp


def test_warp_is_opencvs_remap():
    frames = torch.rand(2, 3, 9, 11)
    flow = 3 * torch.randn(2, 2, 9, 11)
    warped, inside = warp(frames, flow)
    y, x = np.mgrid[0:9, 0:11].astype(np.float32)
    for n in range(2):
        at_x, at_y = x + flow[n, 0].numpy(), y + flow[n, 1].numpy()
        here = (at_x >= 0) & (at_x <= 10) & (at_y >= 0) & (at_y <= 8)
        assert np.array_equal(inside[n, 0].numpy(), here)
        expected = cv2.remap(frames[n].permute(1, 2, 0).numpy(), at_x, at_y, cv2.INTER_LINEAR)
        # OpenCV rounds the place to 1/32 of a pixel.
        assert np.abs(expected - warped[n].permute(1, 2, 0).numpy())[here].max() < 0.07


def test_occlusion_is_the_published_rule():
    torch.manual_seed(1)
    forward = torch.zeros(1, 2, 8, 10)
    forward[:, 0] = 1
    forward[:, :, 2:5, 3:7] = torch.tensor([2.0, 1.0]).view(1, 2, 1, 1)
    backward = -forward.roll(1, 3)
    found = flow_is_consistent(forward, backward)[0, 0]
    f, b = forward[0].numpy(), backward[0].numpy()
    for y in range(8):
        for x in range(10):
            u, v = f[:, y, x]
            at_x, at_y = int(x + u), int(y + v)
            if not (at_x <= 9 and at_y <= 7):
                assert not found[y, x]
                continue
            back = b[:, at_y, at_x]
            occluded = ((u + back[0]) ** 2 + (v + back[1]) ** 2) > 0.01 * (u * u + v * v + (back**2).sum()) + 0.5
            gradients = 0.0
            if x < 9:
                gradients += ((f[:, y, x + 1] - f[:, y, x]) ** 2).sum()
            if y < 7:
                gradients += ((f[:, y + 1, x] - f[:, y, x]) ** 2).sum()
            edge = gradients > 0.01 * (u * u + v * v) + 0.002
            assert bool(found[y, x]) == (not occluded and not edge), (y, x)
    assert found.any()


def test_errors():
    with pytest.raises(ValueError, match="flow"):
        warp(torch.rand(1, 3, 4, 4), torch.rand(1, 4, 4, 2))
