"""Score methods on a data set and leave the table and pictures of it in a folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from lgtsm.data.batch import as_floats
from lgtsm.metrics.scoring import markdown_table, score_methods
from lgtsm.video.pictures import mark_hole, side_by_side, strip, write_png
from lgtsm.video.writer import VideoWriter
from lgtsm.whole_files import write_text

SCHEMA = "lgtsm-validation-1"


def write_report(
    methods: dict[str, Callable[[Tensor, Tensor], dict[str, Tensor]]],
    clips: Dataset,
    folder: str | Path,
    shown: str,
    about: dict[str, Any] | None = None,
    num_pictures: int = 3,
    batch_size: int = 1,
    device: str = "cpu",
) -> dict[str, dict[str, float]]:
    """Score every method on every clip; write report.md, metrics.json, strips and a side-by-side video.

    Args:
        methods: name -> method(video, hole).
        clips: data set asked by index.
        folder: where the files go; it is made.
        shown: the method whose result the side-by-side video shows.
        about: plain values kept in metrics.json, e.g. the checkpoint's name.
        num_pictures: clips shown in strips and video.
        batch_size: clips filled at once.
        device: where to compute.

    Returns:
        name -> mean scores, see `score_methods`.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    batches = (
        tuple(part.to(device) for part in as_floats(batch)) for batch in DataLoader(clips, batch_size=batch_size)
    )
    scores = score_methods(methods, batches)
    table = markdown_table(scores)
    write_text(folder / "report.md", f"# Scores on {len(clips)} clips\n\n{table}\n")
    document = {"schema": SCHEMA, "clips": len(clips), "about": about or {}, "scores": scores}
    write_text(folder / "metrics.json", json.dumps(document, indent=2) + "\n")

    videos = []
    for index in range(min(num_pictures, len(clips))):
        sample = clips[index]
        video, hole = (part.to(device) for part in as_floats({k: sample[k][None] for k in ("video", "hole")}))
        target = _bytes(video)
        rows = {"input": mark_hole(target, sample["hole"][:, 0].numpy())}
        with torch.no_grad():
            rows |= {name: _bytes(method(video, hole)["filled"]) for name, method in methods.items()}
        rows["target"] = target
        write_png(folder / f"strip_{index}.png", strip(rows))
        videos.append(side_by_side({name: rows[name] for name in ("input", shown, "target")}))
    height, width = videos[0].shape[1:3]
    with VideoWriter(folder / "side_by_side.mp4", fps=8, height=height, width=width) as writer:
        for frame in np.concatenate(videos):
            writer.write(frame)
    return scores


def _bytes(video: Tensor) -> np.ndarray:
    """One clip (1, time, 3, height, width) in [0, 1] as uint8 (time, height, width, 3)."""
    return (video[0].float().clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
