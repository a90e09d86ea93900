"""Cost of a method: parameters, operations, speed, memory."""

from __future__ import annotations

import statistics
import time
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from lgtsm.memory_meter import memory_needed

REPEATS = 3


@torch.no_grad()
def measure_efficiency(module: nn.Module | None, video: Tensor, hole: Tensor) -> dict[str, Any]:
    """Run a method on one clip and measure.

    Args:
        module: called module(video, hole); None: results from files.
        video: (1, time, 3, height, width); hole: (1, time, 1, height, width).

    Returns:
        "parameters"; "gflop_per_frame" (two operations a multiply-add, convolutions and matrix products only);
        "frames_per_second" (median of three runs after one, with "frames_per_second_runs"); "peak_memory_mib" (what
        a run needs above what is held before it, on the device); a string "n/a (why)" where there is no number.
    """
    if module is None:
        none = "n/a (files made elsewhere)"
        return dict.fromkeys(("parameters", "gflop_per_frame", "frames_per_second", "peak_memory_mib"), none)
    parameters = sum(p.numel() for p in module.parameters())
    with FlopCounterMode(display=False) as counter:
        module(video, hole)  # the first run also warms up
    gflop = counter.get_total_flops() / video.shape[1] / 1e9
    runs = [video.shape[1] / _seconds(module, video, hole) for _ in range(REPEATS)]
    needed = memory_needed(lambda: module(video, hole), video.device)
    return {
        "parameters": parameters,
        "gflop_per_frame": gflop if gflop > 0 else "n/a (no convolutions or matrix products)",
        "frames_per_second": statistics.median(runs),
        "frames_per_second_runs": runs,
        "peak_memory_mib": "n/a (this system does not tell)" if needed is None else needed,
    }


def _seconds(module: nn.Module, video: Tensor, hole: Tensor) -> float:
    _wait(video)
    started = time.perf_counter()
    module(video, hole)
    _wait(video)
    return time.perf_counter() - started


def _wait(video: Tensor) -> None:
    if video.is_cuda:
        torch.cuda.synchronize(video.device)
