from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def data() -> Path:
    return Path(__file__).parents[1] / "data"


@pytest.fixture
def odd(data) -> Path:
    return data / "odd"


@pytest.fixture
def make_clip():
    """A clip of known pixels: a smooth picture that moves, a hard-edged square, noise in one corner."""

    def make(frames: int = 9, height: int = 36, width: int = 52, noise: bool = True) -> np.ndarray:
        rng = np.random.default_rng(0)
        y, x = np.mgrid[:height, :width]
        clip = np.empty((frames, height, width, 3), np.uint8)
        for t in range(frames):
            clip[t, ..., 0] = 120 + 100 * np.sin((x + 2 * t) / 9)
            clip[t, ..., 1] = 120 + 100 * np.cos((y - t) / 7)
            clip[t, ..., 2] = 20 * t % 256
            clip[t, 4:12, 3 + t : 11 + t] = (250, 30, 10)
            if noise:
                clip[t, -8:, -8:] = rng.integers(0, 256, (8, 8, 3))
        return clip

    return make


@pytest.fixture
def write(tmp_path):
    """Write a clip and return its path."""
    from lgtsm.video import Encoding, VideoWriter

    def write(name: str, clip: np.ndarray, fps=25, like=None, source_path=None, timestamps=None, **encoding) -> Path:
        path = f"{tmp_path}/{name}"  # as typed: a slash at the end means a folder
        of_source = {"like": like, "source_path": source_path, "timestamps": timestamps}
        with VideoWriter(path, fps, *clip.shape[1:3], Encoding(**encoding), **of_source) as writer:
            for frame in clip:
                writer.write(frame)
        return Path(path)

    return write
