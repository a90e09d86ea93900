"""Cost of a method: parameters, operations, speed, memory."""

from __future__ import annotations

import statistics
import time
from functools import partial
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
        "frames_per_second" (median of three runs after a warm-up) and "frames_per_second_runs"; "peak_memory_mib"
        (added by a run to the memory in use, on the device); the string "n/a (why)" where a number is missing.
    """
    if module is None:
        return unmeasured("files made elsewhere")
    gflop = gflop_per_frame(module, video, hole)  # the first run also warms up
    runs = [video.shape[1] / _seconds(module, video, hole) for _ in range(REPEATS)]
    needed = memory_needed(lambda: module(video, hole), video.device)
    return {
        "parameters": sum(p.numel() for p in module.parameters()),
        "gflop_per_frame": gflop if gflop > 0 else "n/a (no convolutions or matrix products)",
        "frames_per_second": statistics.median(runs),
        "frames_per_second_runs": runs,
        "peak_memory_mib": "n/a (this system does not report it)" if needed is None else needed,
    }


@torch.no_grad()
def gflop_per_frame(module: nn.Module, video: Tensor, hole: Tensor) -> float:
    """Run a method and count billions of operations a frame, as `measure_efficiency` does; any number of clips."""
    with FlopCounterMode(display=False) as counter:
        module(video, hole)
    return counter.get_total_flops() / video.shape[:2].numel() / 1e9


def unmeasured(why: str) -> dict[str, str]:
    """Return the result without numbers."""
    return dict.fromkeys(("parameters", "gflop_per_frame", "frames_per_second", "peak_memory_mib"), f"n/a ({why})")


def _seconds(module: nn.Module, video: Tensor, hole: Tensor) -> float:
    wait = partial(torch.cuda.synchronize, video.device) if video.is_cuda else lambda: None
    wait()
    started = time.perf_counter()
    module(video, hole)
    wait()
    return time.perf_counter() - started
