"""Show all kinds and bins of a test set in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from lgtsm.whole_files import whole_file

from .test_set import CONTACT_SHEET, write_png

TILE_WIDTH = 96
LABEL_HEIGHT = 14


def contact_sheet(root: str | Path, lines: Sequence[dict], frames: int = 3) -> np.ndarray:
    """Lay out the first clip of every kind and bin: kinds from top to bottom, bins from left to right.

    Args:
        root: folder of the test set.
        lines: its manifest.
        frames: frames shown per clip, evenly spaced.

    Returns:
        uint8 (height, width), 0 = hole; labeled with kind, bin and share.
    """
    rows = []
    for kind in dict.fromkeys(line["kind"] for line in lines):
        first: dict[int, dict] = {}
        for line in lines:
            if line["kind"] == kind:
                first.setdefault(line["center"], line)
        tiles = np.concatenate([_tile(Path(root), line, frames) for line in first.values()], axis=1)
        rows += [_label(kind, tiles.shape[1]), tiles]
    width = max(row.shape[1] for row in rows)
    return np.concatenate([np.pad(row, ((0, 0), (0, width - row.shape[1])), constant_values=160) for row in rows])


def write_contact_sheet(root: str | Path, lines: Sequence[dict]) -> Path:
    """Write the contact sheet into the test set's folder and return its path."""
    path = Path(root) / CONTACT_SHEET
    with whole_file(path) as temporary:
        write_png(temporary, contact_sheet(root, lines))
    return path


def _tile(root: Path, line: dict, frames: int) -> np.ndarray:
    files = sorted((root / line["clip"]).glob("*.png"))
    chosen = np.unique(np.linspace(0, len(files) - 1, frames).round().astype(int))
    parts = [_label(f"{line['center']} %: {line['share']:.1%}", TILE_WIDTH)]
    for number in chosen:
        mask = np.asarray(cv2.imdecode(np.fromfile(files[number], np.uint8), cv2.IMREAD_GRAYSCALE))
        height = round(mask.shape[0] * (TILE_WIDTH - 2) / mask.shape[1])
        small = cv2.resize(mask, (TILE_WIDTH - 2, height), interpolation=cv2.INTER_AREA)
        parts.append(np.pad(small, 1, constant_values=160))
    return np.concatenate(parts)


def _label(text: str, width: int) -> np.ndarray:
    label = np.full((LABEL_HEIGHT, width), 255, np.uint8)
    cv2.putText(label, text, (2, 10), cv2.FONT_HERSHEY_SIMPLEX, 0.35, 0, 1, cv2.LINE_AA)
    return label
