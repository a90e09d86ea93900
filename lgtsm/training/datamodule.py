"""Batches for Lightning: an endless stream for training, fixed clips for validation."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, Dataset, Subset

from lgtsm.checks import check_positive
from lgtsm.data.sampling import StreamBatches
from lgtsm.threads import loaders_beside_threads
from lgtsm.training.stop_signals import outlive_stop_signals


class ClipDataModule(pl.LightningDataModule):
    """Feed training and validation clips.

    Args:
        train: data set indexed by (draw, index).
        validation: data set indexed by index.
        batch_size: training clips per batch and process.
        steps_per_epoch: batches per epoch; validation runs at most once per epoch.
        validation_batch_size: clips validated at once.
        num_workers: data-loading processes; 0 loads in the training process; "auto" uses up to 4, and leaves a core to
            that process.
        seed: seed of the video order.
        accumulate: batches per step; they are loaded as one, which the training step splits.
    """

    def __init__(
        self,
        train: Dataset,
        validation: Dataset,
        batch_size: int,
        steps_per_epoch: int,
        validation_batch_size: int = 4,
        num_workers: int | str = 0,
        seed: int = 0,
        accumulate: int = 1,
    ):
        super().__init__()
        check_positive("batch_size", batch_size)
        check_positive("accumulate", accumulate)
        check_positive("steps_per_epoch", steps_per_epoch)
        check_positive("validation_batch_size", validation_batch_size)
        if num_workers != "auto" and (not isinstance(num_workers, int) or num_workers < 0):
            raise ValueError(f'`num_workers` must be a number from 0 up, or "auto"; got {num_workers!r}.')
        self.train: Any = train  # with a length
        self.validation: Any = validation
        self.batch_size = batch_size * accumulate
        self.steps_per_epoch = steps_per_epoch
        self.validation_batch_size = validation_batch_size
        self.num_workers = loaders_beside_threads(num_workers)
        self.seed = seed

    def train_dataloader(self) -> DataLoader:
        """Return batches that continue after those already trained on."""
        trainer: Any = self.trainer
        batches = StreamBatches(
            len(self.train),
            self.batch_size,
            self.steps_per_epoch,
            seed=self.seed,
            rank=trainer.global_rank if trainer else 0,
            num_replicas=trainer.world_size if trainer else 1,
            batches_done=lambda: trainer.lightning_module.batches_done if trainer else 0,
        )
        return DataLoader(self.train, batch_sampler=batches, **self._loading())

    def val_dataloader(self) -> DataLoader:
        """Return this process's share of the validation clips, in order; each clip is scored by one process."""
        rank, processes = (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
        # Lightning needs a batch: a process without clips takes the first one, without counting it.
        clips = Subset(self.validation, range(rank, len(self.validation), processes) or [0])
        return DataLoader(clips, batch_size=self.validation_batch_size, **self._loading())

    def on_before_batch_transfer(self, batch: dict[str, Any], dataloader_idx: int) -> dict[str, Any]:
        """Report skipped videos, which workers cannot do just once, and add their number to the batch."""
        trainer: Any = self.trainer
        training = trainer is None or trainer.training
        clips = self.train if training else self.validation
        batch["counted"] = training or trainer.global_rank < len(self.validation)
        bad_videos = getattr(clips, "bad_videos", None)
        if bad_videos is not None:
            bad_videos.note(batch.get("skipped", ()))
            batch["skipped_videos"] = len(bad_videos)
        return batch

    def _loading(self) -> dict[str, Any]:
        trainer = self.trainer
        on_gpu = trainer is not None and trainer.strategy.root_device.type == "cuda"
        return {
            "num_workers": self.num_workers,
            "persistent_workers": self.num_workers > 0,
            # The loader draws a seed for its workers. Keep it out of torch's generator, which a resumed run restores.
            "generator": torch.Generator().manual_seed(self.seed),
            "worker_init_fn": outlive_stop_signals,
            "pin_memory": on_gpu,
        }
