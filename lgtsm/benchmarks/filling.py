"""Speed of filling clips, decoded and masked, with the methods that people use."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lgtsm.benchmarks.timing import measure, ratios_of_first
from lgtsm.data.folder import FolderVideos
from lgtsm.data.synthetic import SyntheticVideos
from lgtsm.inference.filler import Filler
from lgtsm.masks import MaskMixture
from lgtsm.memory_meter import memory_needed
from lgtsm.models.methods import load_method

SPREAD = 0.02  # of the hole's share, each way


def measure_filling(
    methods: Sequence[str] = ("flow-fusion", "key-frames"),
    precisions: Sequence[str] = ("fp32",),
    folder: str | Path | None = None,
    num_frames: int = 24,
    height: int = 180,
    width: int = 320,
    hole_share: float = 0.2,
    clips: int = 3,
    repeats: int = 3,
    seed: int = 0,
    device: str = "cpu",
) -> dict[str, Any]:
    """Measure frames a second of filling 8-bit clips under moving, object-like holes, all in turns.

    Args:
        methods: of `lgtsm.list_methods()`.
        precisions: a network runs in each of them.
        folder: of videos; None draws clips.
        num_frames, height, width: size of a clip, in frames and pixels.
        hole_share: missing share of each clip.
        clips: in each turn.
        repeats: turns.
        seed: of the holes.
        device: e.g. "cpu" or "cuda".

    Returns:
        {"settings"; "rates": see `lgtsm.benchmarks.timing.measure`, each with "peak_memory_mib" (None where unknown);
        "ratios": of the first run over each other}.
    """
    videos: Any = SyntheticVideos(clips, seed) if folder is None else FolderVideos(folder, limit=clips)
    masks = MaskMixture({"object_like": 1.0}, hole_share=(hole_share - SPREAD, hole_share + SPREAD))
    filled: list[tuple[np.ndarray, np.ndarray]] = []
    clips = min(clips, len(videos))
    for index in range(clips):
        hole = masks(num_frames, height, width, [seed, index])
        filled.append((videos.read_clip(index, num_frames, height, width, None), hole))

    def turn(filler: Filler) -> int:
        for frames, hole in filled:
            filler.fill_bytes(frames, hole)
        if filler.device.type == "cuda":
            torch.cuda.synchronize(filler.device)
        return num_frames * len(filled)

    runs = {}
    for name in methods:
        method = load_method(name)
        for precision in precisions:
            filler = Filler(method, device, precision)
            runs[f"{name} {precision}" if filler.has_weights else name] = partial(turn, filler)
    rates = measure(runs, repeats)
    for name, run in runs.items():
        rates[name]["peak_memory_mib"] = memory_needed(run, torch.device(device))
    settings = {
        "methods": list(methods), "precisions": list(precisions), "videos": [videos.name(k) for k in range(clips)],
        "num_frames": num_frames, "height": height, "width": width, "hole_share": hole_share, "repeats": repeats,
        "seed": seed, "device": device, "threads": torch.get_num_threads(),
    }  # fmt: skip
    return {"settings": settings, "rates": rates, "ratios": ratios_of_first(rates)}
