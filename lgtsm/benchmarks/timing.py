"""Time alternatives in turns, with their spread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any


def measure(runs: dict[str, Callable[[], int]], repeats: int) -> dict[str, dict[str, Any]]:
    """Time alternatives in turns, after a warm-up of each, so that a busy machine slows them all alike.

    Args:
        runs: name -> callable that does the work and returns its number of items.
        repeats: turns.

    Returns:
        name -> items per second: "median", "least", "greatest", and all "runs"; "cpu_median" is per CPU second of this
        process, which other load does not slow down.
    """
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
        name: {**_spread(values), "cpu_median": statistics.median(cpu_rates[name]), "runs": values}
        for name, values in rates.items()
    }


def ratio(of: dict[str, Any], over: dict[str, Any]) -> dict[str, float]:
    """Return median, least and greatest ratio of two runs of the same turn."""
    return _spread([a / b for a, b in zip(of["runs"], over["runs"])])


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "least": min(values), "greatest": max(values)}
