"""Measure speed so that others can measure it again: in turns, with spread, and with what it was measured on."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lgtsm.whole_files import write_text


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


def surroundings() -> dict[str, Any]:
    """Return what a number was measured on: processor, cores, load, versions, commit."""
    from importlib.metadata import PackageNotFoundError, version

    versions = {}
    for package in ("lgtsm", "torch", "numpy", "opencv-python-headless", "pillow", "decord", "av"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = None
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "load": load,
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": versions,
        "commit": _commit(),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def write_json(path: str | Path, document: dict[str, Any]) -> None:
    """Write a document; an old file stays until the new one is whole."""
    write_text(path, json.dumps(document, indent=2) + "\n")


def processor() -> str:
    """Return the name of the CPU, as well as the system knows it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _commit() -> str | None:
    """Return the commit of a checkout, with a plus where files differ from it; None outside of one."""
    git = ["git", "-C", str(Path(__file__).parent)]
    try:
        commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
        changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return commit + ("+" if changed.strip() else "")
