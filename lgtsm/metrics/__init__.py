"""Numbers to report, as torchmetrics classes."""
from lgtsm.metrics.frame_quality import FrameQuality, frame_quality

__all__ = ["FrameQuality", "frame_quality"]
