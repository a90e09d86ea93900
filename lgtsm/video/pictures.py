"""Pictures for visual comparison: strips of frames, and videos side by side."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from lgtsm.whole_files import whole_file

HOLE_COLOR = (255, 0, 255)
TEXT_HEIGHT = 16


def mark_hole(frames: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Return uint8 (time, height, width, 3) with the hole (time, height, width), 1 = missing, painted magenta."""
    return np.where(hole[..., None] > 0, np.array(HOLE_COLOR, np.uint8), frames)


def strip(rows: dict[str, np.ndarray], max_frames: int = 6) -> np.ndarray:
    """Lay out videos as rows of frames under their names.

    Args:
        rows: name -> uint8 (time, height, width, 3), all of one size.
        max_frames: most frames per row, evenly spaced.

    Returns:
        uint8 (height', width', 3).
    """
    num_frames = len(next(iter(rows.values())))
    chosen = np.unique(np.linspace(0, num_frames - 1, min(max_frames, num_frames)).round().astype(int))
    pieces = []
    for name, frames in rows.items():
        pieces += [_label(name, frames.shape[2] * len(chosen)), np.concatenate(list(frames[chosen]), axis=1)]
    return np.concatenate(pieces)


def side_by_side(columns: dict[str, np.ndarray]) -> np.ndarray:
    """Join videos side by side under their names: uint8 (time, height, width, 3), all of one size, in and out."""
    head = np.concatenate([_label(name, frames.shape[2]) for name, frames in columns.items()], axis=1)
    joined = np.concatenate(list(columns.values()), axis=2)
    return np.concatenate([np.broadcast_to(head, (len(joined), *head.shape)), joined], axis=1)


def write_png(path: str | Path, image: np.ndarray) -> None:
    """Write an RGB image, uint8 (height, width, 3), as PNG; replace an old file only when the new one is complete."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode(".png", image[..., ::-1])
    if not done:
        raise OSError(f"{path} cannot be encoded as PNG.")
    with whole_file(path) as temporary:
        temporary.write_bytes(data.tobytes())


def _label(text: str, width: int) -> np.ndarray:
    bar = np.full((TEXT_HEIGHT, width, 3), 255, np.uint8)
    cv2.putText(bar, text, (3, TEXT_HEIGHT - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.36, (0, 0, 0), 1, cv2.LINE_AA)
    return bar
