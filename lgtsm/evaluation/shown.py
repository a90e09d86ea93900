"""Clips kept for the report's pictures, as 8-bit frames."""

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
    """Keep a clip (1, time, 3, height, width) in [0, 1] of a method; None keeps the true video and its hole."""
    place = _folder_of(folder, unit.key)
    place.mkdir(parents=True, exist_ok=True)
    arrays = {TARGET if method is None else f"method_{_safe(method)}": to_uint8(clip[0])}
    if method is None:
        arrays[HOLE] = (hole[0, :, 0] > 0.5).byte().cpu().numpy()
    for name, array in arrays.items():
        with whole_file(place / f"{name}.npy") as temporary:
            np.save(temporary, array)


def load_shown(folder: str | Path, key: str, methods: list[str]) -> dict[str, np.ndarray] | None:
    """Return {"hole", "target", method: frames} of a unit, uint8 (time, height, width, 3); None if not kept."""
    place = _folder_of(folder, key)
    if not (place / f"{HOLE}.npy").is_file():
        return None
    found = {name: np.load(place / f"{name}.npy") for name in (HOLE, TARGET)}
    paths = {method: place / f"method_{_safe(method)}.npy" for method in methods}
    return found | {method: np.load(path) for method, path in paths.items() if path.is_file()}


def _folder_of(folder: str | Path, key: str) -> Path:
    return Path(folder) / FOLDER / _safe(key)


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name)
