"""Time ways of doing the same, in turns and with spread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any


def measure(runs: dict[str, Callable[[], int]], repeats: int, warm_up: bool = True) -> dict[str, dict[str, Any]]:
    """Time some ways of doing the same, in turns, so that a busy machine slows all of them alike.

    Args:
        runs: name -> callable that does the work and returns how many items it did.
        repeats: times that each is called.
        warm_up: call each once before, untimed.

    Returns:
        name -> items per second: "median", "least", "greatest", and "runs" with all of them; "cpu_median" is per second
        of computing of this process, which other processes on the machine do not slow down.
    """
    if warm_up:
        for run in runs.values():
            run()
    rates: dict[str, list[float]] = {name: [] for name in runs}
    cpu_rates: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            started, started_cpu = time.perf_counter(), time.process_time()
            items = run()
            rates[name].append(items / (time.perf_counter() - started))
            cpu_rates[name].append(items / max(time.process_time() - started_cpu, 1e-9))
    return {
        name: {
            "median": statistics.median(values),
            "least": min(values),
            "greatest": max(values),
            "cpu_median": statistics.median(cpu_rates[name]),
            "runs": values,
        }
        for name, values in rates.items()
    }


def ratio(of: dict[str, Any], over: dict[str, Any]) -> dict[str, float]:
    """Return median, least and greatest of the ratios of runs that were measured in the same turn."""
    ratios = [a / b for a, b in zip(of["runs"], over["runs"])]
    return {"median": statistics.median(ratios), "least": min(ratios), "greatest": max(ratios)}
