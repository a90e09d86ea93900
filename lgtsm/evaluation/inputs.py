"""Write a protocol's inputs as images, so that other people's programs can fill them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from torch import Tensor

from lgtsm.evaluation.protocol import Protocol
from lgtsm.video.pictures import write_png


def write_inputs(protocol: Protocol, folder: str | Path) -> int:
    """Write videos/<kind>/<center>/<video>/<frame>.png with the hole black, and masks/... with it white.

    Results are scored from <results>/<kind>/<center>/<video>/<frame>.png, see `lgtsm.evaluation.methods.ResultsFolder`.

    Returns:
        how many clips were written.

    Raises:
        VideoError: a video is unreadable or too short.
    """
    units = protocol.units()
    for unit in units:
        video, hole = protocol.read(unit)
        for number, (frame, mask) in enumerate(zip(_images(video * (1 - hole)), _images(hole.expand_as(video)))):
            for what, image in (("videos", frame), ("masks", mask)):
                write_png(Path(folder) / what / unit.key / f"{number:05d}.png", image)
    return len(units)


def _images(clip: Tensor) -> np.ndarray:
    """(1, time, 3, height, width) in [0, 1] as uint8 (time, height, width, 3)."""
    return (clip[0] * 255).round().byte().permute(0, 2, 3, 1).numpy()
