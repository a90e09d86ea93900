"""Stop a run on SIGTERM or SIGUSR1, between two steps and with a checkpoint."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType
from typing import Any

EXIT_STATUS = 75  # EX_TEMPFAIL of sysexits.h: try again later


class StoppedBySignal(Exception):
    """The run stopped on a signal, after writing a checkpoint."""


class StopSignals:
    """Note that a signal came, and do no more: the handler may interrupt anything."""

    WATCHED = (signal.SIGTERM, signal.SIGUSR1)

    def __init__(self) -> None:
        self.received: str | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> StopSignals:
        self.watch()
        return self

    def __exit__(self, *error: object) -> None:
        self.unwatch()

    def watch(self) -> None:
        """Install the handlers; only the main thread can."""
        if threading.current_thread() is threading.main_thread():
            self._process = os.getpid()
            self._before = {number: signal.signal(number, self._remember) for number in self.WATCHED}

    def unwatch(self) -> None:
        """Restore the earlier handlers."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _remember(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._process:  # a forked loading process: end it as usual
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self.received = signal.Signals(number).name


WORKER_GRACE = 60  # seconds


def outlive_stop_signals(worker: int) -> None:
    """Keep a loading process alive when the run is asked to stop (`worker_init_fn` of a DataLoader).

    Schedulers signal all processes of a job, but the run still needs its loaders to finish the current step. SIGTERM
    still ends them after a minute, because it also cleans up loaders that the training process did not close.
    """
    for number in (signal.SIGUSR1, signal.SIGUSR2):  # the second is submitit's
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: signal.alarm(WORKER_GRACE))
