"""Choose the precision of a run, and keep it when the run goes on."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
import yaml

from lgtsm.precision import choose_precision
from lgtsm.precision_names import AUTO

LIGHTNING = {"fp32": "32-true", "bf16": "bf16-mixed", "fp16": "16-mixed"}


def training_precision(
    trainer: dict[str, Any], checkpoint: str | Path | None = None
) -> tuple[int | str | None, str | None]:
    """Return what Lightning calls the precision to train in, and a sentence that says why if it was chosen here.

    A run that goes on keeps its precision, where the device has it.

    Args:
        trainer: arguments of Lightning's Trainer: accelerator, devices, num_nodes, and precision, which may also be
            "auto", "fp32", "bf16" or "fp16".
        checkpoint: what the run goes on from, in the folder `checkpoints` of a run folder.
    """
    precision = trainer.get("precision")
    if precision != AUTO:
        return LIGHTNING.get(precision, precision), None
    device = training_device(trainer)
    if checkpoint is not None:
        config = Path(checkpoint).absolute().parents[1] / "config.yaml"
        kept = recorded_precision(config)
        if kept is not None and not (kept == LIGHTNING["fp16"] and device == "cpu"):
            return kept, f"precision {short_name(kept)}: the run has been trained in it so far, as {config} says"
    choice = choose_precision(device, trial=not in_several_processes(trainer))
    return LIGHTNING[choice.name], str(choice)


def short_name(precision: int | str | None) -> int | str | None:
    """Return the name of a precision of Lightning's for people, or as it is where it has none."""
    return next((name for name, value in LIGHTNING.items() if value == precision), precision)


def training_device(trainer: dict[str, Any]) -> str:
    """Return the first device that Lightning trains on, such as "cpu" or "cuda:1"."""
    name, devices = trainer.get("accelerator", "auto"), trainer.get("devices", "auto")
    if name in ("auto", "gpu"):
        if torch.cuda.is_available():
            name = "cuda"
        else:
            name = "mps" if torch.backends.mps.is_available() else "cpu"
    return f"cuda:{devices[0]}" if name == "cuda" and isinstance(devices, list) and devices else name


def in_several_processes(trainer: dict[str, Any]) -> bool:
    """Whether a run has, or may have, several processes; they have to choose alike."""
    launched = any(int(os.environ.get(name, 1)) > 1 for name in ("WORLD_SIZE", "SLURM_NTASKS"))
    devices = trainer.get("devices", "auto")
    one_device = len(devices) == 1 if isinstance(devices, list) else devices in (1, "1")
    return launched or trainer.get("num_nodes", 1) != 1 or not one_device


def recorded_precision(config: Path) -> str | None:
    """Return the precision that a run's configuration names, or None where there is none to keep."""
    with suppress(OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        precision = yaml.safe_load(config.read_text(encoding="utf-8"))["trainer"]["precision"]
        return None if precision in (None, AUTO) else str(precision)
    return None
