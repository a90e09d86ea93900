"""Keep a run's best checkpoints, even after its folder has moved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning.callbacks import ModelCheckpoint


class BestCheckpoints(ModelCheckpoint):
    """ModelCheckpoint, with the same arguments, but it remembers the best scores when the run folder is renamed."""

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Keep a checkpoint if it is among the best.

        Raises:
            ValueError: the monitored value was not logged.
        """
        try:
            super().on_train_epoch_end(trainer, pl_module)
        except MisconfigurationException as error:
            logged = ", ".join(sorted(name for name in trainer.callback_metrics if "/" in name))
            raise ValueError(
                f"The best checkpoints go by {self.monitor}, which is not logged. Set monitor.score to one of the "
                f"values that are: {logged}."
            ) from error

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the best checkpoints that exist in this run's folder."""
        folder = Path(str(self.dirpath))
        here = {str(folder / Path(path).name): score for path, score in state_dict["best_k_models"].items()}
        here = {path: score for path, score in here.items() if Path(path).is_file()}
        if not here:
            return  # started in another folder: choose among its own only
        by_score = sorted(here, key=lambda path: here[path], reverse=self.mode == "max")
        super().load_state_dict(
            state_dict
            | {
                "dirpath": self.dirpath,
                "best_k_models": here,
                "best_model_path": by_score[0],
                "best_model_score": here[by_score[0]],
                "kth_best_model_path": by_score[-1],
                "kth_value": here[by_score[-1]],
                "last_model_path": "",
            }
        )
