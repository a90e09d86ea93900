"""Batches for Lightning: an endless stream to train on, fixed clips to validate on."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, Dataset, Subset

from lgtsm.checks import check_positive
from lgtsm.data.sampling import StreamBatches
from lgtsm.training.stop_signals import outlive_stop_signals


class ClipDataModule(pl.LightningDataModule):
    """Feed training and validation clips.

    Args:
        train: data set asked by (draw, index).
        validation: data set asked by index.
        batch_size: training samples in a batch of one process.
        accumulate: such batches in one step; they come as one, and the training step takes it apart.
        steps_per_epoch: batches of one epoch: how often validation may run.
        validation_batch_size: clips validated at once.
        num_workers: processes that load data; 0 loads in the training process.
        seed: seed of the order of the videos.
    """

    def __init__(
        self,
        train: Dataset,
        validation: Dataset,
        batch_size: int,
        steps_per_epoch: int,
        validation_batch_size: int = 4,
        num_workers: int = 0,
        seed: int = 0,
        accumulate: int = 1,
    ):
        super().__init__()
        check_positive("batch_size", batch_size)
        check_positive("accumulate", accumulate)
        check_positive("steps_per_epoch", steps_per_epoch)
        self.train = train
        self.validation = validation
        self.batch_size = batch_size * accumulate
        self.steps_per_epoch = steps_per_epoch
        self.validation_batch_size = validation_batch_size
        self.num_workers = num_workers
        self.seed = seed

    def train_dataloader(self) -> DataLoader:
        """Return batches that go on after those that the module has already trained on."""
        trainer = self.trainer
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
        """Return the validation clips in order, those of this process: each is scored once, by one of them."""
        rank, processes = (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
        # A process that is left without clips takes the first one too, without counting it: Lightning needs a batch.
        clips = Subset(self.validation, range(rank, len(self.validation), processes) or [0])
        return DataLoader(clips, batch_size=self.validation_batch_size, **self._loading())

    def on_before_batch_transfer(self, batch: dict[str, Any], dataloader_idx: int) -> dict[str, Any]:
        """Name videos that were skipped, which workers cannot do once for all, and add their number to the batch."""
        training = self.trainer is None or self.trainer.training
        clips = self.train if training else self.validation
        batch["counted"] = training or self.trainer.global_rank < len(self.validation)
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
            # The loader draws a number for its processes; not from torch's own generator, which a resumed run restores.
            "generator": torch.Generator().manual_seed(self.seed),
            "worker_init_fn": outlive_stop_signals,
            "pin_memory": on_gpu,
        }
