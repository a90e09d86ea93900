"""Speed of networks on whole clips and frame by frame, beside the fastest that the device computes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from lgtsm.benchmarks.ceiling import ceilings
from lgtsm.benchmarks.timing import measure, ratios_of_first, time_once
from lgtsm.evaluation.efficiency import gflop_per_frame
from lgtsm.memory_meter import memory_needed
from lgtsm.precision import DTYPES, autocast

Run = Callable[[], float]


def measure_networks(
    networks: Mapping[str, nn.Module],
    precisions: Sequence[str] = ("fp32",),
    num_frames: int = 8,
    height: int = 180,
    width: int = 320,
    batch_size: int = 1,
    repeats: int = 5,
    seed: int = 0,
    device: str = "cpu",
    live: bool = False,
    compiled: bool = False,
    plain: Mapping[str, nn.Module] | None = None,
) -> dict[str, Any]:
    """Measure frames a second, all in turns.

    Args:
        networks: by name, called network(video, hole).
        precisions: each network runs in each of them.
        num_frames, height, width, batch_size: of the random clips, in frames and pixels.
        repeats: turns.
        seed: of the clips.
        device: e.g. "cpu" or "cuda".
        live: give frames one by one to `step`, after as many as the network looks ahead, instead of whole clips.
        compiled: run each network compiled too.
        plain: name -> another network to run in fp32, such as the same one written without care for speed.

    Returns:
        {"settings"; "rates": see `lgtsm.benchmarks.timing.measure`, in frames a second, each with "gflop_per_frame",
        "share_of_ceiling" and "peak_memory_mib" (None where unknown), compiled ones with "seconds_to_compile";
        "ceilings": likewise, in GFLOP a second; "ratios": first network over each other run}.
    """
    place = torch.device(device)
    torch.manual_seed(seed)
    video = torch.rand(batch_size, num_frames, 3, height, width, device=place)
    hole = (torch.rand(batch_size, num_frames, 1, height, width, device=place) > 0.8).float()
    runs: dict[str, Run] = {}
    of: dict[str, tuple[str, float]] = {}  # precision, and billions of operations a frame, of each run
    starting: dict[str, float] = {}
    for precision, (name, network) in itertools.product(precisions, networks.items()):
        network = network.eval().to(place)
        gflop = gflop_per_frame(network, video, hole)
        ways = (False, True) if compiled else (False,)
        for compile_it in ways:
            key = f"{name} {precision}" + (" compiled" if compile_it else "")
            of[key] = precision, gflop
            runs[key] = _run(network, video, hole, precision, live, compile_it)
            if compile_it:
                starting[key] = time_once(runs[key]).seconds
    for name, network in (plain or {}).items():
        network = network.eval().to(place)
        of[name] = "fp32", gflop_per_frame(network, video, hole)
        runs[name] = _run(network, video, hole, "fp32", False, False)
    tops = {
        f"{name} {precision}": run
        for precision in precisions
        for name, run in ceilings(DTYPES[precision], place).items()
    }
    measured = measure({name: partial(_finished, run, place) for name, run in (runs | tops).items()}, repeats)
    fastest = {
        precision: max(measured[name]["median"] for name in tops if name.endswith(f" {precision}"))
        for precision in precisions
    }
    rates = {}
    for name, run in runs.items():
        precision, gflop = of[name]
        share = measured[name]["median"] * gflop / fastest[precision] if precision in fastest else None
        more: dict[str, Any] = {"gflop_per_frame": gflop, "share_of_ceiling": share}
        more["peak_memory_mib"] = memory_needed(run, place)
        if name in starting:
            more["seconds_to_compile"] = starting[name]
        rates[name] = measured[name] | more
    settings = {
        "networks": list(networks), "precisions": list(precisions), "num_frames": num_frames, "height": height,
        "width": width, "batch_size": batch_size, "repeats": repeats, "seed": seed, "device": device, "live": live,
        "threads": torch.get_num_threads(),
    }  # fmt: skip
    return {
        "settings": settings,
        "rates": rates,
        "ceilings": {name: measured[name] for name in tops},
        "ratios": ratios_of_first(rates),
    }


def _run(network: Any, video: Tensor, hole: Tensor, precision: str, live: bool, compile_it: bool) -> Run:
    """Return a function that fills the clips once and returns their number of frames."""
    inside, count = partial(autocast, video.device, precision), video.shape[:2].numel()
    if not live:
        call = torch.compile(network) if compile_it else network

        def whole() -> float:
            with torch.inference_mode(), inside():
                call(video, hole)
            return count

        return whole
    step = torch.compile(network.step) if compile_it else network.step
    with torch.inference_mode(), inside():
        state = network.initial_state()
        for t in range(network.temporal_reach[1] + 1):
            at = slice(t % video.shape[1], t % video.shape[1] + 1)
            _, state = network.step(video[:, at], hole[:, at], state)

    def frame_by_frame() -> float:
        now = state
        with torch.inference_mode(), inside():
            for t in range(video.shape[1]):
                _, now = step(video[:, t : t + 1], hole[:, t : t + 1], now)
        return count

    return frame_by_frame


def _finished(run: Run, device: torch.device) -> float:
    """Run until the device is done; return the number of items."""
    items = run()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return items
