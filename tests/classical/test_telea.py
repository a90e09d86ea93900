import cv2
import numpy as np
import torch

from lgtsm.classical.telea import Telea


def test_it_is_opencvs_frame_by_frame_and_leaves_known_pixels(make_clip):
    video, hole = make_clip(2, 3)
    result = Telea(3)(video, hole)
    frames = (video[1, 2].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    mask = hole[1, 2, 0].numpy().astype(np.uint8)
    expected = cv2.inpaint(frames * (1 - mask[..., None]), mask, 3, cv2.INPAINT_TELEA)[mask > 0] / 255
    found = result["filled"][1, 2].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(found[mask > 0], expected, atol=1e-6)
    assert torch.equal(result["filled"][hole.expand_as(video) == 0], video[hole.expand_as(video) == 0])


def test_what_is_missing_does_not_show_and_frames_without_anything_known_are_gray(make_clip):
    video, hole = make_clip(1, 2)
    hole[0, 1] = 1
    a = Telea()(video, hole)["filled"]
    b = Telea()(torch.where(hole > 0, float("nan"), video), hole)["filled"]
    assert torch.equal(a, b)
    assert a[0, 1].unique().numel() == 1
