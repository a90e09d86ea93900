"""Tasks that tests send to the worker, which imports them from here."""

import os
import time
from pathlib import Path

import numpy as np

from lgtsm.video.mask_sources import StillMask


class Count:
    """Report progress and return the numbers."""

    def __init__(self, total):
        self.total = total

    def __call__(self, progress):
        for done in range(self.total + 1):
            progress(done, self.total)
        return list(range(self.total)), os.getpid()


class WaitFor:
    """Say that it has begun, then wait for a file."""

    def __init__(self, begun: Path, go: Path):
        self.begun, self.go = begun, go

    def __call__(self, progress):
        progress(1, 4)
        self.begun.touch()
        while not self.go.exists():
            time.sleep(0.01)
        return "went"


def refuse(progress):
    raise ValueError("The number must be even; got 3.")


def stumble(progress):
    raise KeyError("inner")


def die(progress):
    os._exit(1)


def find_corner(info, drawing, progress):
    """Find a hole in a corner, or in the box that was drawn last."""
    hole = np.zeros((info.height, info.width), np.uint8)
    hole[:10, :20] = 1
    progress(info.frames, info.frames)
    return StillMask(hole, info.frames, "corner")


def find_nothing(info, drawing, progress):
    return StillMask(np.zeros((info.height, info.width), np.uint8), info.frames, "The corner")
