"""How fast holes are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    """Measure clips a second of `sample_hole`, and of other ways of drawing in turns with it, with one thread.

    Args:
        kind: a stroke preset.
        num_strokes: in each clip.
        num_frames, height, width: size of a clip, in frames and pixels.
        clips: drawn in each turn.
        repeats: turns.
        seed: of the first clip; the others follow.
        others: name -> a function that draws a clip in another way.

    Returns:
        {"settings", "rates": {"lgtsm", ...}, "ratios": lgtsm over each other way}: see
        `lgtsm.benchmarks.timing.measure`.
    """
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)

    def ours() -> int:
        for k in range(clips):
            sample_hole(kind, num_frames, height, width, seed + k, num_strokes)
        return clips

    def drawn_by(draw: DrawClip) -> int:
        for k in range(clips):
            draw(PRESETS[kind], num_strokes, num_frames, height, width, seed + k)
        return clips

    ways = {name: lambda draw=draw: drawn_by(draw) for name, draw in (others or {}).items()}
    try:
        rates = measure({"lgtsm": ours, **ways}, repeats)
    finally:
        cv2.setNumThreads(threads)
    settings = {
        "kind": kind, "num_strokes": num_strokes, "num_frames": num_frames, "height": height, "width": width,
        "clips": clips, "repeats": repeats, "seed": seed,
    }  # fmt: skip
    ratios = {f"lgtsm over {name}": ratio(rates["lgtsm"], rates[name]) for name in ways}
    return {"settings": settings, "rates": rates, "ratios": ratios}
