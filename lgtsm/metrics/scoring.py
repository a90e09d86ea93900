"""Score methods on the same clips, and put the numbers into a table."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from lgtsm.metrics.frame_quality import FrameQuality

COLUMNS = {
    "psnr_hole": ("PSNR hole", "{:.2f} dB"),
    "ssim_hole": ("SSIM hole", "{:.4f}"),
    "mse_hole": ("MSE hole", "{:.5f}"),
    "psnr": ("PSNR", "{:.2f} dB"),
    "ssim": ("SSIM", "{:.4f}"),
    "mse": ("MSE", "{:.5f}"),
    "fps": ("frames/s", "{:.1f}"),
}


@torch.no_grad()
def score_methods(
    methods: dict[str, Callable[[Tensor, Tensor], dict[str, Tensor]]],
    batches: Iterable[tuple[Tensor, Tensor]],
) -> dict[str, dict[str, float]]:
    """Run every method on every batch and return its mean scores.

    Args:
        methods: name -> method(video, hole).
        batches: (video, hole) pairs, see `lgtsm.data.batch.as_floats`.

    Returns:
        name -> {"mse", "psnr", ..., "fps"}; fps is frames filled per second on the device that the batches are on.
    """
    metrics = {name: FrameQuality() for name in methods}
    seconds = dict.fromkeys(methods, 0.0)
    frames = 0
    for video, hole in batches:
        frames += video.shape[0] * video.shape[1]
        for name, method in methods.items():
            start = time.perf_counter()
            filled = method(video, hole)["filled"]
            if filled.is_cuda:
                torch.cuda.synchronize(filled.device)
            seconds[name] += time.perf_counter() - start
            metrics[name].to(filled.device).update(filled, video, hole)
    return {
        name: {**{key: float(value) for key, value in metric.compute().items()}, "fps": frames / seconds[name]}
        for name, metric in metrics.items()
    }


def markdown_table(scores: dict[str, dict[str, Any]]) -> str:
    """Return the scores as a Markdown table, a row a method."""
    rows = [["method", *(title for title, _ in COLUMNS.values())]]
    for name, values in scores.items():
        rows.append([name, *(form.format(values[key]) for key, (_, form) in COLUMNS.items())])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
