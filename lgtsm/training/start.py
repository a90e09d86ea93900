"""Prepare a run: seeds, plugins, the checkpoint to resume, warnings."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.plugins.environments import SLURMEnvironment

from lgtsm.regular_file import check_file
from lgtsm.training.checkpoint_files import WholeCheckpointIO, find_damage, find_newest_whole

# Required types of the configured parts that go to Lightning.
PARTS = {"callbacks": pl.Callback, "logger": pl.loggers.Logger, "trainer": pl.Trainer}


def seed_everything(seed: int) -> None:
    """Seed Python, numpy and torch. Clips and masks have their own seeds."""
    pl.seed_everything(seed, workers=True, verbose=False)


def plugins() -> list[Any]:
    """Return Lightning's plugins: atomic checkpoints, and under SLURM no requeueing by Lightning.

    The job file requeues after the run has saved its own checkpoint, which works the same under every scheduler.
    """
    return [WholeCheckpointIO(), *([SLURMEnvironment(auto_requeue=False)] if SLURMEnvironment.detect() else [])]


def checkpoint_to_resume(resume: str | None, folder: str | Path) -> str | None:
    """Return the checkpoint to resume from, or None for a new run.

    Args:
        resume: a path, "auto" for the newest undamaged checkpoint in the run folder if there is one, or None.
        folder: the run folder.

    Raises:
        FileNotFoundError: the path does not exist.
        ValueError: it, or each checkpoint in the folder, is damaged.
    """
    if resume is None:
        return None
    if resume == "auto":
        newest = find_newest_whole(Path(folder) / "checkpoints")
        return None if newest is None else str(newest)
    if not os.path.lexists(resume):
        raise FileNotFoundError(f"There is no checkpoint {resume} to resume. Check the path, or use resume=auto.")
    check_file(Path(resume), "a checkpoint")
    damage = find_damage(resume)
    if damage is not None:
        raise ValueError(f"The checkpoint {resume} is damaged ({damage}). Use another one, or resume=auto.")
    return str(resume)


def check_hardware(trainer: dict[str, Any]) -> None:
    """Refuse an accelerator, or a number of them, that this machine lacks.

    Args:
        trainer: arguments of Lightning's Trainer: accelerator, devices.

    Raises:
        ValueError: names the key.
    """
    name, devices = trainer.get("accelerator", "auto"), trainer.get("devices", "auto")
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    there = {"cuda": cuda, "mps": mps, "gpu": cuda or mps}.get(name, True)
    if not there:
        what = {"cuda": "an NVIDIA GPU", "mps": "the GPU of an Apple computer", "gpu": "a GPU"}[name]
        raise ValueError(
            f"trainer.accelerator={name} needs {what} that torch can use, but there is none here. Use hardware=cpu."
        )
    if name in ("gpu", "cuda") and cuda:
        wanted = max(devices, default=0) + 1 if isinstance(devices, list) else devices
        if isinstance(wanted, int) and wanted > torch.cuda.device_count():
            raise ValueError(
                f"trainer.devices={devices} needs {wanted} GPUs; this machine has {torch.cuda.device_count()}."
            )


def hide_known_advice() -> None:
    """Hide Lightning's advice that does not apply here."""
    for message in (
        r".*does not have many workers which may be a bottleneck.*",  # on purpose for procedural clips
        r"You're resuming from a checkpoint that ended before the epoch ended.*",  # see lgtsm.data.sampling
        r"`ModelCheckpoint\(monitor=.*could not find the monitored key.*",  # a run shorter than one epoch
        r".*Checkpoint directory .* exists and is not empty.*",  # always so for a resumed run
        r".*GPU available but not used.*",
        r".*`isinstance\(treespec, LeafSpec\)` is deprecated.*",  # Lightning's own use of torch
        r"The `srun` command is available on your system but is not used.*",
        r"It is recommended to use `self.log\('val/.*sync_dist=True.*",  # metrics already cover all processes
        r".*The number of training batches .* is smaller than the logging interval.*",
    ):
        warnings.filterwarnings("ignore", message=message)
