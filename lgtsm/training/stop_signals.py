"""SIGTERM and SIGUSR1 ask a run to stop; it does so between two steps, with a checkpoint."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType
from typing import Any

EXIT_STATUS = 75  # EX_TEMPFAIL of sysexits.h: try again later


class StoppedBySignal(Exception):
    """The run was asked to stop, and did, after writing a checkpoint."""


class StopSignals:
    """Remember that a signal came, and nothing more: the handler may run in the middle of anything."""

    WATCHED = (signal.SIGTERM, signal.SIGUSR1)

    def __init__(self):
        self.received: str | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> StopSignals:
        self.watch()
        return self

    def __exit__(self, *error: object) -> None:
        self.unwatch()

    def watch(self) -> None:
        """Install the handlers; only a program's main thread can."""
        if threading.current_thread() is threading.main_thread():
            self._process = os.getpid()
            self._before = {number: signal.signal(number, self._remember) for number in self.WATCHED}

    def unwatch(self) -> None:
        """Put back the handlers from before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _remember(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._process:  # a loading process that was forked: it shall end as it would have
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self.received = signal.Signals(number).name


WORKER_GRACE = 60  # seconds


def outlive_stop_signals(worker: int) -> None:
    """Let a loading process go on working when the run is asked to stop (`worker_init_fn` of a DataLoader).

    Schedulers signal all processes of a job alike. A loading process that ended at once would break the step that the
    run still has to finish. SIGTERM ends it too, but only after a minute, since that is also how it is ended when the
    training process does not close it.
    """
    for number in (signal.SIGUSR1, signal.SIGUSR2):  # the second is submitit's
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: signal.alarm(WORKER_GRACE))
