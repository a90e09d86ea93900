import pytest
import torch

from lgtsm.losses import GeneratorLoss, ReconstructionLoss


def test_the_coarse_result_is_compared_with_every_second_pixel(make_clip):
    video, hole = make_clip(2, 3, 17, 30)
    half, half_hole = video[..., ::2, ::2], hole[..., ::2, ::2]
    coarse = torch.rand_like(half)
    output = {"filled": video, "predicted": video + 0.5, "coarse": coarse}
    inside = half_hole.expand_as(half) > 0
    expected = (coarse - half)[inside].abs().mean()
    torch.testing.assert_close(ReconstructionLoss("hole", "coarse")(output, video, hole), expected)
    loss = GeneratorLoss(
        ReconstructionLoss("hole", "predicted"), coarse=ReconstructionLoss("hole", "coarse"), weight_coarse=3.0
    )
    total, parts = loss(output, video, hole)
    torch.testing.assert_close(total, 0.5 + 3 * expected)
    assert list(parts) == ["reconstruction", "coarse"]


def test_methods_without_one_get_a_sentence(make_clip):
    video, hole = make_clip()
    with pytest.raises(ValueError, match=r"'coarse'.* filled"):
        ReconstructionLoss(of="coarse")({"filled": video, "predicted": video}, video, hole)
