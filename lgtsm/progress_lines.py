"""Print progress as lines, for logs without a terminal."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

SECONDS_BETWEEN = 10.0
TOO_EARLY = 0.02  # of the whole; before that, the start counts too much to tell how long the rest takes


def duration(seconds: float) -> str:
    """Return a duration as people say it: 45 s, 12 min, 3 h 05 min, 2 d 04 h."""
    minutes, hours = round(seconds / 60), round(seconds / 3600)
    if seconds < 59.5:
        return f"{round(seconds)} s"
    if minutes < 60:
        return f"{minutes} min"
    if hours < 48:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{hours // 24} d {hours % 24:02d} h"


class ProgressLines:
    """Print a line now and then: progress, total and time left. Used like `rich.progress.Progress`.

    Args:
        unit: name of the counted things.
        seconds_between: shortest time between two lines; the last line of a task with a known total always comes.
        file: output; None for stderr.
        clock: monotonic, in seconds.
    """

    def __init__(
        self,
        unit: str,
        seconds_between: float = SECONDS_BETWEEN,
        file: TextIO | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ):
        self.unit, self.seconds_between, self.file, self.clock = unit, seconds_between, file, clock
        self._tasks: dict[int, dict[str, Any]] = {}
        self._numbers = itertools.count()

    def __enter__(self) -> ProgressLines:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def add_task(self, description: str, total: int | None = None) -> int:
        """Start a task and return its number."""
        now = self.clock()
        number = next(self._numbers)
        self._tasks[number] = {"name": description, "total": total, "begun": now, "said": now}
        return number

    def update(self, task: int, completed: int, total: int | None = None) -> None:
        """Note the progress; print a line if one is due or the task is complete."""
        of = self._tasks[task]
        of["total"] = total if total is not None else of["total"]
        now, finished = self.clock(), completed == of["total"]
        if now - of["said"] < self.seconds_between and not finished:
            return
        of["said"], taken = now, now - of["begun"]
        whole = "" if of["total"] is None else f"/{of['total']}"
        line = f"{of['name']}: {completed}{whole} {self.unit}, {duration(taken)} so far"
        if of["total"] and not finished and completed >= TOO_EARLY * of["total"]:
            line += f", {duration(taken / max(completed, 1) * (of['total'] - completed))} left"
        print(line, file=self.file or sys.stderr, flush=True)

    def remove_task(self, task: int) -> None:
        """Forget a task."""
        del self._tasks[task]
