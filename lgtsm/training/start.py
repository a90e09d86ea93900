"""What happens once before a run."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.plugins.environments import SLURMEnvironment

from lgtsm.training.checkpoint_files import WholeCheckpointIO, find_newest_whole

# What the parts of a configuration that Lightning takes must describe.
PARTS = {"callbacks": pl.Callback, "logger": pl.loggers.Logger, "trainer": pl.Trainer}


def seed_everything(seed: int) -> None:
    """Seed Python, numpy and torch. Clips and masks have their own seeds and do not depend on these."""
    pl.seed_everything(seed, workers=True, verbose=False)


def plugins() -> list[Any]:
    """Return Lightning's plugins: whole checkpoints; under SLURM, no requeueing by Lightning.

    The job file requeues, after the run has ended by its own checkpoint: that way it is the same under every scheduler.
    """
    return [WholeCheckpointIO(), *([SLURMEnvironment(auto_requeue=False)] if SLURMEnvironment.detect() else [])]


def checkpoint_to_resume(resume: str | None, folder: str | Path) -> str | None:
    """Return the checkpoint that a run goes on from, or None for a new one.

    Args:
        resume: a path, "auto" for the newest whole checkpoint of the run folder where there is one, or None.
        folder: the run folder.

    Raises:
        FileNotFoundError: there is no such file.
    """
    if resume is None:
        return None
    if resume == "auto":
        newest = find_newest_whole(Path(folder) / "checkpoints")
        return None if newest is None else str(newest)
    if not Path(resume).is_file():
        raise FileNotFoundError(f"There is no checkpoint {resume} to resume. Check the path, or use resume=auto.")
    return str(resume)


def hide_known_advice() -> None:
    """Hide Lightning's advice that does not apply here.

    The narrow demo loads procedural clips in the training process on purpose, and checkpoints of a folder that
    is resumed lie in it already.
    """
    for message in (
        r".*does not have many workers which may be a bottleneck.*",
        r"You're resuming from a checkpoint that ended before the epoch ended.*",  # see lgtsm.data.sampling
        r"`ModelCheckpoint\(monitor=.*could not find the monitored key.*",  # a run shorter than one epoch
        r".*Checkpoint directory .* exists and is not empty.*",
        r".*GPU available but not used.*",
        r".*`isinstance\(treespec, LeafSpec\)` is deprecated.*",  # Lightning's own use of torch
        r"The `srun` command is available on your system but is not used.*",
        r"It is recommended to use `self.log\('val/.*sync_dist=True.*",  # the metrics are of all processes already
        r".*The number of training batches .* is smaller than the logging interval.*",
    ):
        warnings.filterwarnings("ignore", message=message)
