"""Work on several frames at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

from lgtsm.threads import usable_cores

Item = TypeVar("Item")
Result = TypeVar("Result")


def num_threads() -> int:
    """Return torch's number of threads, within the cores of this process.

    So `torch.set_num_threads(1)` and a loading process limit this code too.
    """
    return max(1, min(torch.get_num_threads(), usable_cores()))


def for_each(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Return work(item) of all items, in order; OpenCV and NumPy let other threads run while they compute."""
    items = list(items)
    threads = min(num_threads(), len(items))
    if threads < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))
