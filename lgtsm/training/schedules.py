"""Learning-rate schedules by step, as factors of the optimizer's rate."""

from __future__ import annotations

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR


def warmup_cosine(optimizer: Optimizer, total_steps: int, warmup_steps: int = 0, final_factor: float = 0.0) -> LambdaLR:
    """Rise linearly over `warmup_steps`, then fall as half a cosine to final_factor at `total_steps`; stay there.

    Args:
        optimizer: the optimizer whose rates are scaled.
        total_steps, warmup_steps: in optimizer steps.
        final_factor: last rate over the full rate, in [0, 1].
    """

    def factor(step: int) -> float:
        if step < warmup_steps:
            return (step + 1) / warmup_steps
        progress = min(1.0, (step - warmup_steps) / max(1, total_steps - warmup_steps))
        return final_factor + (1 - final_factor) * (1 + math.cos(math.pi * progress)) / 2

    return LambdaLR(optimizer, factor)
