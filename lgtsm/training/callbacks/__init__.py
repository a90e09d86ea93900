"""What happens beside the training step."""

from lgtsm.training.callbacks.pictures import ValidationPictures
from lgtsm.training.callbacks.progress import StageProgressBar

__all__ = ["StageProgressBar", "ValidationPictures"]
