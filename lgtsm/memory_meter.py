"""Measure memory: torch's on a GPU, this process's on a CPU (Linux only)."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

STATUS, MARK = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def memory_in_use(device: torch.device) -> float | None:
    """Return the MiB in use now, or None where unknown; data-loading processes are not counted."""
    return torch.cuda.memory_allocated(device) / 2**20 if device.type == "cuda" else _of_process("VmRSS")


def peak_memory(device: torch.device) -> float | None:
    """Return the peak MiB so far, or None where unknown; data-loading processes are not counted."""
    return torch.cuda.max_memory_allocated(device) / 2**20 if device.type == "cuda" else _of_process("VmHWM")


def memory_needed(run: Callable[[], Any], device: torch.device) -> float | None:
    """Call `run` and return the MiB it needs on top of those in use before, or None where unknown."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    else:
        with suppress(OSError, AttributeError):  # only glibc has this call
            # Return freed memory to the system first; a run that reused it would seem to need none.
            ctypes.CDLL(None).malloc_trim(0)
        try:
            MARK.write_text("5")
        except OSError:
            return None
    before = memory_in_use(device)
    run()
    peak = peak_memory(device)
    return None if before is None or peak is None else max(0.0, peak - before)


def _of_process(key: str) -> float | None:
    try:
        lines = STATUS.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 2**10 for line in lines if line.startswith(key)), None)
