"""Set how a command's threads wait for each other."""

from __future__ import annotations

import os


def wait_patiently() -> None:
    """Let idle threads sleep instead of spinning; call this before importing torch.

    Spinning OpenMP threads can take the core that the last one needs when another program is busy: on two cores beside
    one busy process, filling took 17 s instead of 1 s. Sleeping costs 10 % on idle cores. A set OMP_WAIT_POLICY stays.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def use_threads(count: int) -> None:
    """Limit torch and OpenCV to so many threads.

    Raises:
        ValueError: count is less than 1.
    """
    import cv2
    import torch

    from lgtsm.checks import check_positive

    check_positive("threads", count)
    torch.set_num_threads(count)
    cv2.setNumThreads(count)
