"""What happens once before a run."""

from __future__ import annotations

import warnings

import pytorch_lightning as pl


def seed_everything(seed: int) -> None:
    """Seed Python, numpy and torch. Clips and masks have their own seeds and do not depend on these."""
    pl.seed_everything(seed, workers=True, verbose=False)


def hide_known_advice() -> None:
    """Hide Lightning's advice that does not apply here.

    The narrow default job loads procedural clips in the training process on purpose, and checkpoints of a folder that
    is resumed lie in it already.
    """
    for message in (
        r".*does not have many workers which may be a bottleneck.*",
        r"You're resuming from a checkpoint that ended before the epoch ended.*",  # see lgtsm.data.sampling
        r"The dirpath has changed from .*",
        r"`ModelCheckpoint\(monitor=.*could not find the monitored key.*",  # a run shorter than one epoch
        r".*Checkpoint directory .* exists and is not empty.*",
        r".*GPU available but not used.*",
        r".*`isinstance\(treespec, LeafSpec\)` is deprecated.*",  # Lightning's own use of torch
        r".*The number of training batches .* is smaller than the logging interval.*",
    ):
        warnings.filterwarnings("ignore", message=message)
