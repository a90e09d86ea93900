"""Send a run's configuration to its loggers."""

from __future__ import annotations

from pathlib import Path

import pytorch_lightning as pl
import yaml


class RunConfig(pl.Callback):
    """Send the configuration in `file`, written before training starts, to all loggers but the csv."""

    def __init__(self, file: str | Path):
        self.file = Path(file)

    def on_fit_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Log the configuration once, from the first process."""
        loggers = [logger for logger in trainer.loggers if not isinstance(logger, pl.loggers.CSVLogger)]
        if not trainer.is_global_zero or not loggers or not self.file.is_file():
            return
        config = yaml.safe_load(self.file.read_text(encoding="utf-8"))
        for logger in loggers:
            logger.log_hyperparams(config)
