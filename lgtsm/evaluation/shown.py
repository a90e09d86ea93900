"""Clips kept for the report's pictures, as bytes of frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from torch import Tensor

from lgtsm.evaluation.protocol import Unit
from lgtsm.ops.to_uint8 import to_uint8
from lgtsm.whole_files import whole_file

FOLDER = "shown"
TARGET, HOLE = "target", "hole"


def save_shown(folder: str | Path, unit: Unit, method: str | None, clip: Tensor, hole: Tensor) -> None:
    """Keep a clip (1, time, 3, height, width) in [0, 1] of a method, or of the truth with its hole for None."""
    place = folder_of(folder, unit.key)
    place.mkdir(parents=True, exist_ok=True)
    frames = to_uint8(clip[0])
    _write(place / f"{TARGET if method is None else 'method_' + safe(method)}.npy", frames)
    if method is None:
        _write(place / f"{HOLE}.npy", (hole[0, :, 0] > 0.5).byte().cpu().numpy())


def load_shown(folder: str | Path, key: str, methods: list[str]) -> dict[str, np.ndarray] | None:
    """Return {"hole", "target", method: frames} of a unit, uint8 (time, height, width, 3); None if not kept."""
    place = folder_of(folder, key)
    if not (place / f"{HOLE}.npy").is_file():
        return None
    found = {name: np.load(place / f"{name}.npy") for name in (HOLE, TARGET)}
    for method in methods:
        path = place / f"method_{safe(method)}.npy"
        if path.is_file():
            found[method] = np.load(path)
    return found


def folder_of(folder: str | Path, key: str) -> Path:
    """Return where a unit's clips lie."""
    return Path(folder) / FOLDER / safe(key)


def safe(name: str) -> str:
    """Return a name that is no path."""
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name)


def _write(path: Path, array: np.ndarray) -> None:
    with whole_file(path) as temporary:
        np.save(temporary, array)
