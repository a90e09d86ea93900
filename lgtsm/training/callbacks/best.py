"""The best checkpoints of a run, also after its folder has been moved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytorch_lightning.callbacks import ModelCheckpoint


class BestCheckpoints(ModelCheckpoint):
    """Lightning's ModelCheckpoint, which forgets what was best when a folder has another name than it had.

    Arguments are those of ModelCheckpoint.
    """

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the best checkpoints of before, those that lie in this run's folder."""
        here = {str(Path(self.dirpath) / Path(path).name): score for path, score in state_dict["best_k_models"].items()}
        here = {path: score for path, score in here.items() if Path(path).is_file()}
        if not here:
            return  # a run that begins in another folder chooses among its own
        by_score = sorted(here, key=here.get, reverse=self.mode == "max")
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
