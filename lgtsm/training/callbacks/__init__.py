"""Callbacks around the training step."""

from lgtsm.training.callbacks.best import BestCheckpoints
from lgtsm.training.callbacks.checkpoints import RunCheckpoints
from lgtsm.training.callbacks.gan_health import GANHealth
from lgtsm.training.callbacks.learning_rates import LearningRates
from lgtsm.training.callbacks.pictures import ValidationPictures
from lgtsm.training.callbacks.progress import StageProgressBar
from lgtsm.training.callbacks.run_config import RunConfig
from lgtsm.training.callbacks.speed import Speed
from lgtsm.training.callbacks.weights_and_biases import RunFolderWandbLogger

__all__ = [
    "BestCheckpoints",
    "GANHealth",
    "LearningRates",
    "RunCheckpoints",
    "RunConfig",
    "RunFolderWandbLogger",
    "Speed",
    "StageProgressBar",
    "ValidationPictures",
]
