"""One small instance of every metric, with what it is fed, for the harness and for the processes that it starts."""

from pathlib import Path

import torch
import torchvision
from torch import nn

from lgtsm.features import DISFlow
from lgtsm.metrics import LPIPS, STLPIPS, FrameQuality, PeerQuality, TemporalFlicker, VideoFID, WarpingError

NAMES = ("frame_quality", "peer_quality", "lpips", "stlpips", "video_fid", "warping_error", "flicker")


class Moments(nn.Module):
    """Six numbers of a video, mixed by a layer that autocast would round."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mix", torch.eye(6) + 0.1)

    def forward(self, video):
        pixels = video.transpose(1, 2).flatten(2)
        return torch.cat([pixels.mean(2), pixels.std(2)], dim=1) @ self.mix


def make_metric(name: str, folder: Path):
    """Build a metric; `folder` keeps the random weights that LPIPS looks with."""
    if name == "lpips":
        return LPIPS("squeeze", squeeze_weights(folder))
    if name == "video_fid":
        return VideoFID(Moments(), num_features=6)
    return {
        "frame_quality": FrameQuality,
        "flicker": TemporalFlicker,
        "peer_quality": lambda: PeerQuality(window=9),
        "stlpips": STLPIPS,
        "warping_error": lambda: WarpingError(DISFlow("fast")),
    }[name]()


def squeeze_weights(folder: Path) -> Path:
    path = folder / "squeeze.pth"
    if not path.is_file():
        torch.manual_seed(5)
        torch.save(torchvision.models.squeezenet1_1(weights=None).state_dict(), path)
    return path


def make_pairs(batch: int = 5):
    """Return filled, video, hole of (batch, 3, ., 24, 28); the second video has no hole."""
    generator = torch.Generator().manual_seed(1)
    coarse = torch.rand(batch * 3, 3, 6, 7, generator=generator)
    video = nn.functional.interpolate(coarse, (24, 28), mode="bilinear").unflatten(0, (batch, 3))
    hole = torch.zeros(batch, 3, 1, 24, 28)
    for b in range(batch):
        hole[b, :, :, 4 : 12 + b, 6 + b : 18] = 1
    hole[1] = 0
    noise = 0.2 * torch.rand(video.shape, generator=generator)
    return torch.where(hole > 0, (video + noise).clamp(0, 1), video), video, hole


def plain(computed) -> dict[str, float]:
    """Return what a metric computed as floats by name."""
    return {k: float(v) for k, v in (computed if isinstance(computed, dict) else {"value": computed}).items()}
