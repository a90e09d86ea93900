"""Time alternatives in turns, with their spread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Timed(NamedTuple):
    """What a run may return that times itself: its items, and the seconds of the clock and of the CPU for them."""

    items: float
    seconds: float
    cpu_seconds: float


def measure(runs: Mapping[str, Callable[[], float | Timed]], repeats: int) -> dict[str, dict[str, Any]]:
    """Time alternatives in turns, after a warm-up of each, so that a busy machine slows them all alike.

    Args:
        runs: name -> callable that does the work and returns its number of items, or `Timed`.
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
            timed = time_once(run)
            rates[name].append(timed.items / timed.seconds)
            cpu_rates[name].append(timed.items / max(timed.cpu_seconds, 1e-9))
    return {
        name: {**_spread(values), "cpu_median": statistics.median(cpu_rates[name]), "runs": values}
        for name, values in rates.items()
    }


def time_once(run: Callable[[], float | Timed]) -> Timed:
    """Run once."""
    started, started_cpu = time.perf_counter(), time.process_time()
    items = run()
    if isinstance(items, Timed):
        return items
    return Timed(items, time.perf_counter() - started, time.process_time() - started_cpu)


def ratio(of: dict[str, Any], over: dict[str, Any]) -> dict[str, float]:
    """Return median, least and greatest ratio of two runs of the same turn."""
    return _spread([a / b for a, b in zip(of["runs"], over["runs"])])


def ratios_of_first(rates: dict[str, dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return the ratios of the first run over each other one, by name."""
    first, *others = rates
    return {f"{first} over {name}": ratio(rates[first], rates[name]) for name in others}


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "least": min(values), "greatest": max(values)}
