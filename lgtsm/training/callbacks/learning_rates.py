"""Log the learning rates of both networks."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl


class LearningRates(pl.Callback):
    """Log lr/generator and lr/discriminator with the other values of a step.

    Lightning's LearningRateMonitor names rates by the class of their optimizer, and fails without a logger. A network
    whose optimizer has several groups of parameters gets lr/NAME/0, lr/NAME/1 and so on.
    """

    def on_train_batch_start(self, trainer: pl.Trainer, module: Any, batch: Any, index: int) -> None:
        """Log the rates that the step will use, if the step is logged."""
        if not trainer._logger_connector.should_update_logs:
            return
        rates = {}
        for name, optimizer in zip(module.networks, trainer.optimizers):
            groups = optimizer.param_groups
            for number, group in enumerate(groups):
                rates[f"lr/{name}" + (f"/{number}" if len(groups) > 1 else "")] = float(group["lr"])
        for logger in trainer.loggers:
            logger.log_metrics(rates, step=module.batches_done)
