"""Show every logger what a run was made of."""

from __future__ import annotations

from pathlib import Path

import pytorch_lightning as pl
import yaml


class RunConfig(pl.Callback):
    """Hand the run folder's resolved configuration to the loggers that show one (not the csv, which lies beside it).

    Args:
        file: the YAML file; it is there before training begins.
    """

    def __init__(self, file: str | Path):
        self.file = Path(file)

    def on_fit_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Log it once, from the first process."""
        loggers = [logger for logger in trainer.loggers if not isinstance(logger, pl.loggers.CSVLogger)]
        if not trainer.is_global_zero or not loggers or not self.file.is_file():
            return
        config = yaml.safe_load(self.file.read_text(encoding="utf-8"))
        for logger in loggers:
            logger.log_hyperparams(config)
