"""Argument checks with full-sentence errors; unlike `lgtsm.checks`, they need no torch."""

from __future__ import annotations

import operator
from collections.abc import Sequence

import numpy as np

from .presets import KINDS


def check_kind(kind: str) -> None:
    """Refuse an unknown kind of hole, and list the known ones."""
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}. Choose one of these names.")


def check_whole(name: str, value: int, least: int) -> int:
    """Return a whole number of at least `least` as an int; refuse anything else."""
    try:
        number = operator.index(value)
    except TypeError:
        raise ValueError(f"{name} must be a whole number; got {value!r} of type {type(value).__name__}.") from None
    if number < least:
        raise ValueError(f"{name} must be at least {least}; got {number}.")
    return number


def check_seed(seed: int | Sequence[int]) -> tuple[int, ...]:
    """Return whole numbers from 0 up as a tuple; refuse anything else."""
    parts = (seed,) if not isinstance(seed, (Sequence, np.ndarray)) or isinstance(seed, str) else tuple(seed)
    if not parts:
        raise ValueError("seed must be a whole number or a sequence of them; got an empty sequence. Give one number.")
    return tuple(check_whole("seed", part, 0) for part in parts)


def check_border(border: int, height: int, width: int) -> int:
    """Refuse a border that leaves no room to draw."""
    border = check_whole("border", border, 0)
    if 2 * border >= min(height, width):
        raise ValueError(
            f"border must leave room to draw: less than {(min(height, width) + 1) // 2} pixels in a frame of height "
            f"{height} and width {width}; got {border}. Make the border smaller or the frame larger."
        )
    return border


def check_hole_share(hole_share: Sequence[float]) -> tuple[float, float]:
    """Return the bounds of an interval inside [0, 1]; refuse anything else."""
    try:
        low, high = (float(bound) for bound in hole_share)
    except (TypeError, ValueError):
        raise ValueError(f"hole_share must be two numbers (low, high); got {hole_share!r}.") from None
    if not 0.0 <= low < high <= 1.0:
        raise ValueError(
            f"hole_share must be (low, high) with 0 <= low < high <= 1; got ({low:g}, {high:g}). "
            "Shares are fractions: write (0.1, 0.2) for 10 to 20 %."
        )
    return low, high


def check_share(name: str, value: float) -> float:
    """Refuse a number outside [0, 1]."""
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name} must be between 0 and 1; got {value!r}. It is a fraction, not a percentage.")
    return float(value)


def check_hole(hole: np.ndarray) -> None:
    """Refuse anything but a (time, height, width) uint8 array of zeros and ones."""
    if not isinstance(hole, np.ndarray) or hole.ndim != 3 or hole.dtype != np.uint8:
        came = f"{hole.dtype} {hole.shape}" if isinstance(hole, np.ndarray) else type(hole).__name__
        raise ValueError(
            f"hole must be a uint8 array (time, height, width); got {came}. "
            "Take one channel, and convert with astype(np.uint8)."
        )
    if hole.size and hole.max() > 1:
        raise ValueError(
            f"hole must contain only 0 (known) and 1 (missing); got a value of {hole.max()}. "
            "Threshold a 0..255 image first: (image > 127).astype(np.uint8)."
        )
