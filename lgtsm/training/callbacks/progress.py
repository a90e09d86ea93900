"""A progress bar that says which stage of the training is running."""

from __future__ import annotations

from pytorch_lightning.callbacks import RichProgressBar


class StageProgressBar(RichProgressBar):
    """Rich progress bar over the batches until the next validation, headed by step and stage."""

    def _get_train_description(self, current_epoch: int) -> str:
        module = self.trainer.lightning_module
        return f"step {self.trainer.global_step}/{self.trainer.max_steps}, {module.stage}"
