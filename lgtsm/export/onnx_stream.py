"""Run an exported network with ONNX Runtime."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lgtsm.optional import require

INPUTS = ("frame", "hole", "valid")


class OnnxStream:
    """Fill clips frame by frame with an exported file, on the CPU.

    Args:
        path: the file.
        threads: number to use; None for all.
    """

    def __init__(self, path: str | Path, threads: int | None = None):
        runtime = require("onnxruntime", "running an ONNX file", "lgtsm[export]")
        options = runtime.SessionOptions()
        if threads is not None:
            options.intra_op_num_threads = threads
        self.session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.metadata = self.session.get_modelmeta().custom_metadata_map
        self.delay = int(self.metadata["delay"])

    def initial_state(self, height: int, width: int) -> dict[str, np.ndarray]:
        """Return the zero state for frames of a size in pixels, by input name."""
        inputs = self.session.get_inputs()[len(INPUTS) :]
        return {one.name: np.zeros([_length(n, height, width) for n in one.shape], np.float32) for one in inputs}

    def fill(self, video: np.ndarray, hole: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the filled frames of a clip.

        Args:
            video: float32 (time, 3, height, width) in [0, 1].
            hole: float32 (time, 1, height, width), 1 = missing.

        Yields:
            (3, height, width), not clipped to [0, 1] inside the hole.
        """
        state = self.initial_state(*video.shape[2:])
        blank = np.zeros_like(video[:1]), np.zeros_like(hole[:1])
        for t in range(len(video) + self.delay):
            is_real = t < len(video)
            frame, missing = (video[t : t + 1], hole[t : t + 1]) if is_real else blank
            feed = dict(zip(INPUTS, (frame, missing, np.array([is_real], np.float32)), strict=True))
            filled, valid, *following = self.session.run(None, feed | state)
            state = dict(zip(state, following, strict=True))
            if valid[0] > 0.5:
                yield filled[0]


def _length(entry: int | str, height: int, width: int) -> int:
    """Return the length for a shape's entry, e.g. 2, "height", "width//2" or "height-2"."""
    if isinstance(entry, int):
        return entry
    match: Any = re.fullmatch(r"(height|width)(?://(\d))?([+-]\d+)?", entry)
    side, parts, more = match.groups()
    return (height if side == "height" else width) // int(parts or 1) + int(more or 0)
