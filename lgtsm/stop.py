"""Stop a command on Ctrl-C, SIGTERM or SIGHUP so that everything unfinished is cleaned up on the way out."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

WATCHED = ("SIGINT", "SIGTERM", "SIGHUP")
NAMES = {"SIGINT": "Ctrl-C", "SIGTERM": "SIGTERM", "SIGHUP": "the end of its terminal (SIGHUP)"}
REPEATED = 1.0  # seconds in which wrappers and impatient fingers send a signal twice


class Stopped(KeyboardInterrupt):
    """A signal asked the command to stop."""

    def __init__(self, number: int):
        super().__init__(number)
        self.by = NAMES[signal.Signals(number).name]
        self.exit_code = 128 + number


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Raise `Stopped` in the main thread on SIGINT, SIGTERM or SIGHUP; leave signals alone that something else handles.

    The same within a second does not interrupt the cleaning up.
    """
    process, last = os.getpid(), -REPEATED

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal last
        if os.getpid() != process:  # a forked child: end it as usual
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        before, last = last, time.monotonic()
        if last - before >= REPEATED:
            raise Stopped(number)

    replaced = {}
    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, name) for name in WATCHED if hasattr(signal, name)):
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                replaced[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in replaced.items():
            signal.signal(number, handler)
