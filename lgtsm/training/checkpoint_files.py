"""Checkpoints on the disk: written whole, and found again."""

from __future__ import annotations

import io
import os
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins import TorchCheckpointIO

from lgtsm.whole_files import whole_file

STEP = re.compile(r"step(\d+)")


class CheckpointNotSavedError(ValueError):
    """A checkpoint could not be written; those from before are whole."""


class DamagedCheckpointWarning(UserWarning):
    """A checkpoint cannot be read, and an older one is taken."""


class WholeCheckpointIO(TorchCheckpointIO):
    """Write each checkpoint beside its place, onto the disk, and then move it there.

    They are read as tensors and plain values only. Lightning collects the whole file in memory, and writes to the
    folder for temporary files first, from where a move to another disk is a copy that can be cut off.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Save a checkpoint.

        Raises:
            CheckpointNotSavedError: the disk is full, or cannot be written to.
        """
        path = Path(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as temporary, temporary.open("wb") as file:
                torch.save(checkpoint, file)
                file.flush()
                os.fsync(file.fileno())
        except (OSError, RuntimeError) as error:  # torch reports a failed write as RuntimeError
            raise CheckpointNotSavedError(
                f"The checkpoint {path} could not be written ({error}). Those from before are whole: make room, or "
                "choose another disk with paths.run, and go on with resume=auto."
            ) from error

    def load_checkpoint(self, path: str | Path, map_location: Any = None, weights_only: bool | None = None) -> dict:
        """Load a checkpoint, never running code from it, whatever Lightning asks for."""
        return torch.load(path, map_location=map_location or "cpu", weights_only=True)


def check_reloadable(states: dict[str, dict[str, Any]]) -> None:
    """Refuse, before the training, what a checkpoint could not give back: all but tensors and plain values.

    Args:
        states: what each part of a run keeps in checkpoints, by the part's key in the configuration.

    Raises:
        ValueError: names the part and the value.
    """
    for key, state in states.items():
        for name, value in state.items():
            if type(value) is torch.Tensor:
                continue
            file = io.BytesIO()
            try:
                torch.save(value, file)
                file.seek(0)
                torch.load(file, weights_only=True)
            except Exception as error:  # any class can refuse in its own way
                raise ValueError(
                    f"{key}: no checkpoint could give back {name!r} of it, a {type(value).__name__}. Keep tensors and "
                    "plain values only (numbers, strings, lists, dictionaries) in state_dict and get_extra_state."
                ) from error


def step_checkpoints(folder: str | Path) -> list[tuple[int, Path]]:
    """Return (step, path) of the checkpoints whose names hold `stepN`, in order of their steps."""
    names = [path for path in Path(folder).glob("*.ckpt") if not path.name.startswith(".")]  # those are unfinished
    found = [(int(match[1]), path) for path in names if (match := STEP.search(path.stem))]
    return sorted(found, key=lambda item: (item[0], item[1].stem.startswith("step")))


def find_newest_whole(folder: str | Path) -> Path | None:
    """Return the checkpoint of the highest step that can be read to its end, or None where there is no checkpoint.

    Args:
        folder: checkpoints whose names hold `stepN`.

    Raises:
        ValueError: there are checkpoints, but none is whole.
    """
    found = step_checkpoints(folder)
    for _, path in reversed(found):
        damage = find_damage(path)
        if damage is None:
            return path
        warnings.warn(
            f"The checkpoint {path} is damaged ({damage}); an older one is taken.", DamagedCheckpointWarning, 2
        )
    if found:
        raise ValueError(
            f"None of the {len(found)} checkpoints in {folder} is whole, so there is nothing to go on from. "
            "Restore one, or name another folder with paths.run to begin anew."
        )
    return None


def find_damage(path: str | Path) -> str | None:
    """Return what is wrong with a checkpoint file, or None: every byte of it is checked against its checksum.

    Raises:
        OSError: the file cannot be read at all, which is not its damage.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
        if broken is not None:
            return f"its part {broken} has changed"
        torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except OSError:
        raise
    except Exception as error:  # a damaged file can fail in any way
        return " ".join(str(error).split())[:200] or type(error).__name__
    return None
