"""Numbers to report, as torchmetrics classes."""
from lgtsm.metrics.frame_quality import FrameQuality, frame_quality
from lgtsm.metrics.video_fid import VideoFID

__all__ = ["FrameQuality", "VideoFID", "frame_quality"]
