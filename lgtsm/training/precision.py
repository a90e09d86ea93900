"""Choose the precision of a run, and keep it across resumes."""

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
    """Return Lightning's name for the training precision, and for "auto" a sentence with the reason (else None).

    A resumed run keeps its precision if the device supports it.

    Args:
        trainer: arguments of Lightning's Trainer: accelerator, devices, num_nodes, and precision, which may also be
            "auto", "fp32", "bf16" or "fp16".
        checkpoint: the checkpoint to resume from, in the `checkpoints` folder of a run.
    """
    precision: Any = trainer.get("precision")
    if precision != AUTO:
        return LIGHTNING.get(precision, precision), None
    device = training_device(trainer)
    if checkpoint is not None:
        config = Path(checkpoint).absolute().parents[1] / "config.yaml"
        kept = recorded_precision(config)
        if kept is not None and not (kept == LIGHTNING["fp16"] and device == "cpu"):
            return kept, f"precision {short_name(kept)}: the run has used it so far, according to {config}"
    choice = choose_precision(device, trial=not in_several_processes(trainer))
    return LIGHTNING[choice.name], str(choice)


def short_name(precision: int | str | None) -> int | str | None:
    """Return our name for one of Lightning's precisions, or the argument unchanged."""
    return next((name for name, value in LIGHTNING.items() if value == precision), precision)


def training_device(trainer: dict[str, Any]) -> str:
    """Return the first device that Lightning trains on, such as "cpu" or "cuda:1"."""
    name, devices = trainer.get("accelerator", "auto"), trainer.get("devices", "auto")
    if name in ("auto", "gpu"):
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    return f"cuda:{devices[0]}" if name == "cuda" and isinstance(devices, list) and devices else name


def in_several_processes(trainer: dict[str, Any]) -> bool:
    """Return whether a run may have several processes, which must all choose alike."""
    launched = any(int(os.environ.get(name, 1)) > 1 for name in ("WORLD_SIZE", "SLURM_NTASKS"))
    devices = trainer.get("devices", "auto")
    one_device = len(devices) == 1 if isinstance(devices, list) else devices in (1, "1")
    return launched or trainer.get("num_nodes", 1) != 1 or not one_device


def recorded_precision(config: Path) -> str | None:
    """Return the precision in a run's configuration, or None if there is none to keep."""
    with suppress(OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        precision = yaml.safe_load(config.read_text(encoding="utf-8"))["trainer"]["precision"]
        return None if precision in (None, AUTO) else str(precision)
    return None
