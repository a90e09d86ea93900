"""How fast holes are drawn, beside the obvious way of drawing them."""

from __future__ import annotations

from typing import Any

from lgtsm.timing import measure, ratio

from .pil_reference import random_clip_pil
from .presets import PRESETS
from .sample import sample_hole


def measure_masks(
    kind: str = "object_like",
    num_strokes: int = 5,
    num_frames: int = 32,
    height: int = 180,
    width: int = 320,
    clips: int = 40,
    repeats: int = 5,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure clips a second of `sample_hole` and of the Pillow version, in turns, with one thread.

    Args:
        kind: a stroke preset.
        num_strokes: in each clip.
        num_frames, height, width: size of a clip, in frames and pixels.
        clips: drawn in each turn.
        repeats: turns.
        seed: of the first clip; the others follow.

    Returns:
        {"settings", "rates": {"lgtsm", "pillow"}, "ratio"}: see `lgtsm.timing.measure`.
    """
    import cv2

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)

    def ours() -> int:
        for k in range(clips):
            sample_hole(kind, num_frames, height, width, seed + k, num_strokes)
        return clips

    def pillows() -> int:
        for k in range(clips):
            random_clip_pil(PRESETS[kind], num_strokes, num_frames, height, width, seed + k)
        return clips

    try:
        rates = measure({"lgtsm": ours, "pillow": pillows}, repeats)
    finally:
        cv2.setNumThreads(threads)
    settings = {
        "kind": kind, "num_strokes": num_strokes, "num_frames": num_frames, "height": height, "width": width,
        "clips": clips, "repeats": repeats, "seed": seed,
    }  # fmt: skip
    return {"settings": settings, "rates": rates, "ratio": ratio(rates["lgtsm"], rates["pillow"])}
