"""Speed of drawing holes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import cv2
import numpy as np

from lgtsm.benchmarks.timing import measure, ratio
from lgtsm.masks.presets import PRESETS, StrokePreset
from lgtsm.masks.sample import sample_hole

# preset, number of strokes, frames, height, width, seed -> hole
DrawClip = Callable[[StrokePreset, int, int, int, int, int], np.ndarray]


def measure_masks(
    kind: str = "object_like",
    num_strokes: int = 5,
    num_frames: int = 32,
    height: int = 180,
    width: int = 320,
    clips: int = 40,
    repeats: int = 5,
    seed: int = 0,
    others: Mapping[str, DrawClip] | None = None,
) -> dict[str, Any]:
    """Measure clips a second of `sample_hole` and of alternatives, with one thread.

    Args:
        kind: a stroke preset.
        num_strokes: in each clip.
        num_frames, height, width: size of a clip, in frames and pixels.
        clips: drawn in each turn.
        repeats: turns.
        seed: of the first clip; the others follow.
        others: name -> another function that draws a clip.

    Returns:
        {"settings", "rates": {"lgtsm", ...}, "ratios": lgtsm over each other}: see `lgtsm.benchmarks.timing.measure`.
    """

    def ours(preset: StrokePreset, num_strokes: int, num_frames: int, height: int, width: int, seed: int) -> np.ndarray:
        return sample_hole(kind, num_frames, height, width, seed, num_strokes)

    def turn(draw: DrawClip) -> int:
        for k in range(clips):
            draw(PRESETS[kind], num_strokes, num_frames, height, width, seed + k)
        return clips

    draws = {"lgtsm": ours, **(others or {})}
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        rates = measure({name: partial(turn, draw) for name, draw in draws.items()}, repeats)
    finally:
        cv2.setNumThreads(threads)
    settings = {
        "kind": kind, "num_strokes": num_strokes, "num_frames": num_frames, "height": height, "width": width,
        "clips": clips, "repeats": repeats, "seed": seed,
    }  # fmt: skip
    ratios = {f"lgtsm over {name}": ratio(rates["lgtsm"], rates[name]) for name in others or {}}
    return {"settings": settings, "rates": rates, "ratios": ratios}
