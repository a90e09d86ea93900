from pathlib import Path
from typing import Any

import pytorch_lightning as pl


class MyCallback(pl.Callback):
    """Note the names of the videos of each step in a file."""

    def __init__(self, file: str):
        self.file = Path(file)
        self.steps = 0

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Any, index: int):
        self.steps += 1
        with self.file.open("a") as file:
            file.write(f"{self.steps} {' '.join(batch['name'])}\n")

    def state_dict(self) -> dict[str, Any]:  # kept in checkpoints, for resume
        return {"steps": self.steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.steps = state["steps"]
