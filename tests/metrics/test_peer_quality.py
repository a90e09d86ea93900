import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from lgtsm.metrics import PeerQuality


def clips(height=80, width=100):
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(6, 3, 10, 12, generator=generator)
    video = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 1).unflatten(0, (2, 3))
    filled = video + 0.1 * torch.randn(video.shape, generator=generator)
    filled = (filled.clamp(0, 1) * 255).round() / 255
    return filled, (video * 255).round() / 255, torch.ones(2, 3, 1, height, width)


@pytest.mark.parametrize("window", [65, 7])
def test_scores_are_those_of_scikit_image(window):
    filled, video, hole = clips()
    scores, counted = PeerQuality(window).score(filled, video, hole)
    for b in range(2):
        frames = [[np.round(part[b, t].permute(1, 2, 0).numpy() * 255) for part in (filled, video)] for t in range(3)]
        psnr = [peak_signal_noise_ratio(true, ours, data_range=255) for ours, true in frames]
        ssim = [
            structural_similarity(true, ours, data_range=255, win_size=window, channel_axis=-1) for ours, true in frames
        ]
        assert scores["psnr_of_frames"][b].item() == pytest.approx(np.mean(psnr), abs=1e-4)
        assert scores["ssim_uniform"][b].item() == pytest.approx(np.mean(ssim), abs=1e-5)
    assert all(counted[name].all() for name in scores)


def test_equal_frames_and_small_ones():
    _, video, hole = clips()
    scores, _ = PeerQuality().score(video, video, hole)
    assert scores["psnr_of_frames"].tolist() == [100.0, 100.0]
    torch.testing.assert_close(scores["ssim_uniform"], torch.ones(2, dtype=torch.float64))
    with pytest.raises(ValueError, match="at least 65 pixels a side; got 100x64"):
        PeerQuality().score(video[..., :64, :], video[..., :64, :], hole[..., :64, :])
    for window in (0, 1, 8):
        with pytest.raises(ValueError, match="window"):
            PeerQuality(window)
