"""Speed of training steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch

from lgtsm.benchmarks.timing import Timed, measure, ratios_of_first
from lgtsm.training.inpainting_gan import InpaintingGAN
from lgtsm.training.timed_steps import time_steps

Step = Callable[[torch.Tensor, torch.Tensor], object]


def measure_training(
    modules: Mapping[str, tuple[InpaintingGAN, dict[str, Any]]],
    num_frames: int,
    height: int,
    width: int,
    batch_size: int,
    steps: int = 3,
    repeats: int = 3,
    seed: int = 0,
    plain: Mapping[str, Step] | None = None,
) -> dict[str, Any]:
    """Measure clips a second of training, on random clips, all in turns.

    Args:
        modules: name -> what to train, and arguments of Lightning's Trainer: accelerator, devices, precision.
        num_frames, height, width, batch_size: of the clips, in frames and pixels.
        steps: timed in each turn, after one that is not.
        repeats: turns.
        seed: of the clips.
        plain: name -> step(video, hole) of another training, such as the same one written without care for speed;
            shapes as of `InpaintingGAN.forward`, on the CPU.

    Returns:
        {"settings"; "rates": see `lgtsm.benchmarks.timing.measure`, in clips a second; "ratios": of the first run over
        each other}.
    """
    random = torch.Generator().manual_seed(seed)
    shape = batch_size, num_frames, 3, height, width
    video = torch.randint(0, 256, shape, dtype=torch.uint8, generator=random)
    hole = (torch.rand(batch_size, num_frames, 1, height, width, generator=random) > 0.8).to(torch.uint8)
    batch = {"video": video, "hole": hole, "name": ["random"] * batch_size, "skipped": [""] * batch_size}
    clips = steps * batch_size

    def ours(module: InpaintingGAN, options: dict[str, Any]) -> Timed:
        return Timed(clips, *time_steps(module, batch, steps, options))

    def others(step: Step) -> int:
        for _ in range(steps):
            step(video.float() / 255, hole.float())
        return clips

    runs: dict[str, Callable[[], float | Timed]] = {name: partial(ours, *given) for name, given in modules.items()}
    runs |= {name: partial(others, step) for name, step in (plain or {}).items()}
    rates = measure(runs, repeats)
    settings = {
        "num_frames": num_frames, "height": height, "width": width, "batch_size": batch_size, "steps": steps,
        "repeats": repeats, "seed": seed, "threads": torch.get_num_threads(),
    }  # fmt: skip
    return {"settings": settings, "rates": rates, "ratios": ratios_of_first(rates)}
