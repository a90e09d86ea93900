"""What motion paths find."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Found(NamedTuple):
    """Missing pixels of a frame that another frame shows, in one direction of time.

    pixels: flat indices (points,). color: float32 (points, 3). steps: float32 (points,), how many frames away.
    """

    pixels: np.ndarray
    color: np.ndarray
    steps: np.ndarray
