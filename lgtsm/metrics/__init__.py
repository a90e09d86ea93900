"""Numbers to report, as torchmetrics classes."""

from lgtsm.metrics.flicker import TemporalFlicker
from lgtsm.metrics.frame_quality import FrameQuality, frame_scores
from lgtsm.metrics.lpips import LPIPS
from lgtsm.metrics.peer_quality import PeerQuality
from lgtsm.metrics.stlpips import STLPIPS
from lgtsm.metrics.video_fid import VideoFID
from lgtsm.metrics.warping_error import WarpingError

__all__ = [
    "LPIPS", "STLPIPS", "FrameQuality", "PeerQuality", "TemporalFlicker", "VideoFID", "WarpingError", "frame_scores",
]  # fmt: skip
