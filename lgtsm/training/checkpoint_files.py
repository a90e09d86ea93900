"""Write checkpoints atomically, and find them again."""

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

from lgtsm.torch_files import read_torch_file
from lgtsm.whole_files import whole_file

STEP = re.compile(r"step(\d+)")


class CheckpointNotSavedError(ValueError):
    """A checkpoint could not be written; earlier ones are intact."""


class DamagedCheckpointWarning(UserWarning):
    """A checkpoint is damaged; an older one is used."""


class WholeCheckpointIO(TorchCheckpointIO):
    """Write each checkpoint to disk under a temporary name beside its own, then rename it.

    Lightning's own collects the file in memory and writes it to the system's temporary folder first; the move to
    another disk is then a copy that can be cut off. Loading reads tensors and plain values only.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Save a checkpoint.

        Raises:
            CheckpointNotSavedError: the disk is full or not writable.
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
                f"The checkpoint {path} could not be written ({error}). Earlier ones are intact: free some space, or "
                "choose another disk with paths.run, and continue with resume=auto."
            ) from error

    def load_checkpoint(self, path: str | Path, map_location: Any = None, weights_only: bool | None = None) -> dict:
        """Load a checkpoint without ever running code from it, even if Lightning asks to.

        Raises:
            ValueError: it is damaged, or holds more than tensors and plain values.
        """
        return read_torch_file(path, map_location or "cpu")


def check_reloadable(states: dict[str, dict[str, Any]]) -> None:
    """Refuse, before training, states that a checkpoint could not restore: anything but tensors and plain values.

    Args:
        states: the state of each part of a run, by the part's key in the configuration.

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
            except Exception as error:  # a class can fail in any way
                raise ValueError(
                    f"{key}: a checkpoint cannot restore its {name!r}, a {type(value).__name__}. Keep only tensors and "
                    "plain values (numbers, strings, lists, dictionaries) in state_dict and get_extra_state."
                ) from error


def step_checkpoints(folder: str | Path) -> list[tuple[int, Path]]:
    """Return (step, path) of the checkpoints with `stepN` in their names, sorted by step."""
    names = [path for path in Path(folder).glob("*.ckpt") if not path.name.startswith(".")]  # unfinished
    found = [(int(match[1]), path) for path in names if (match := STEP.search(path.stem))]
    return sorted(found, key=lambda item: (item[0], item[1].stem.startswith("step")))


def find_newest_whole(folder: str | Path) -> Path | None:
    """Return the undamaged checkpoint with the highest step, or None if there are no checkpoints.

    Raises:
        ValueError: all checkpoints are damaged.
    """
    found = step_checkpoints(folder)
    for _, path in reversed(found):
        damage = find_damage(path)
        if damage is None:
            return path
        warnings.warn(f"The checkpoint {path} is damaged ({damage}); trying an older one.", DamagedCheckpointWarning, 2)
    if found:
        raise ValueError(
            f"All {len(found)} checkpoints in {folder} are damaged, so the run cannot resume. Restore one, or start "
            "over in another folder with paths.run."
        )
    return None


def find_damage(path: str | Path) -> str | None:
    """Return a description of a checkpoint file's damage, or None. Every byte is checked against its checksum.

    Raises:
        OSError: the file cannot be read at all.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
        if broken is not None:
            return f"its part {broken} has changed"
        read_torch_file(path, mmap=True)
    except OSError:
        raise
    except ValueError:  # all bytes are as they were written
        return "it holds more than tensors and plain values"
    except Exception as error:  # a damaged file can fail in any way
        return " ".join(str(error).split())[:200] or type(error).__name__
    return None
