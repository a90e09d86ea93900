"""Use the cores that this process may use, and set how a command's threads wait for each other."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from functools import cache
from pathlib import Path

CONTROL_GROUPS = Path("/sys/fs/cgroup")
MOST_LOADERS = 4


def usable_cores() -> int:
    """Return how many cores this process may use: within its affinity, and within its container's share of the time.

    A container on a large host sees all the host's cores. With a thread on each, in a share of two, its threads mostly
    wait for each other.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(cores, _share_of_time(CONTROL_GROUPS))))


def loaders_beside_threads(asked: int | str) -> int:
    """Return the number of data-loading processes: as asked, or for "auto" at most 4, one core being left for torch."""
    return min(MOST_LOADERS, usable_cores() - 1) if asked == "auto" else int(asked)


def threads_beside_loaders(loaders: int) -> int:
    """Return how many threads torch may use, so that it and `loaders` processes have a core each where possible."""
    return max(1, usable_cores() - loaders)


@cache  # asked for every piece of work that threads share
def _share_of_time(groups: Path) -> float:
    """Return the cores' worth of time that Linux's control groups allow; infinite where they set no limit."""
    with suppress(OSError, ValueError):  # version 2
        quota, period = (groups / "cpu.max").read_text().split()
        return math.inf if quota == "max" else int(quota) / int(period)
    with suppress(OSError, ValueError):
        time, of = (int((groups / "cpu" / f"cpu.cfs_{name}_us").read_text()) for name in ("quota", "period"))
        return math.inf if time <= 0 else time / of
    return math.inf


def wait_patiently() -> None:
    """Let idle threads sleep instead of spinning, no more than `usable_cores`; call this before importing torch.

    Spinning OpenMP threads can take the core that the last one needs when another program is busy: on two cores beside
    one busy process, filling took 17 s instead of 1 s. Sleeping costs 10 % on idle cores. Variables that are set stay.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if _share_of_time(CONTROL_GROUPS) < math.inf:  # OpenMP knows the affinity, but no limits of time
        os.environ.setdefault("OMP_NUM_THREADS", str(usable_cores()))


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
