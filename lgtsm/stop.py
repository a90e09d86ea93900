"""Stop a command on Ctrl-C, SIGTERM or SIGHUP so that everything unfinished is cleaned up on the way out."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

WATCHED = ("SIGINT", "SIGTERM", "SIGHUP")
NAMES = {"SIGINT": "Ctrl-C", "SIGTERM": "SIGTERM", "SIGHUP": "the end of its terminal (SIGHUP)"}
REPEATED = 1.0  # seconds in which wrappers and impatient fingers send a signal twice


class Stopped(KeyboardInterrupt):
    """A signal asked the command to stop."""

    def __init__(self, number: int):
        super().__init__(number)
        self.number = number
        self.by = NAMES[signal.Signals(number).name]
        self.exit_code = 128 + number


_received: list[Stopped] = []  # a signal is the whole process's; what it raises may be lost on its way


def received() -> Stopped | None:
    """Return what asked the running command to stop, whatever became of the exception; None if nothing did."""
    return _received[0] if _received else None


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Raise `Stopped` in the main thread on SIGINT, SIGTERM or SIGHUP; leave signals alone that something else handles.

    The same within a second does not interrupt the cleaning up. Where Python has to ignore an exception, as while it
    forks, the signal comes again.
    """
    process, last, ignored = os.getpid(), -REPEATED, sys.unraisablehook

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal last
        if os.getpid() != process:  # a forked child: end it as usual
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        before, last = last, time.monotonic()
        if last - before >= REPEATED:
            _received[:] = [Stopped(number)]
            raise _received[0]

    def again(unraisable: Any) -> None:
        nonlocal last
        if not isinstance(unraisable.exc_value, Stopped):
            ignored(unraisable)
        elif os.getpid() == process:
            last = -REPEATED
            threading.Timer(0.05, os.kill, (process, unraisable.exc_value.number)).start()

    replaced = {}
    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, name) for name in WATCHED if hasattr(signal, name)):
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                replaced[number] = signal.signal(number, stop)
    if replaced:
        _received.clear()
        sys.unraisablehook = again
    try:
        yield
    finally:
        for number, handler in replaced.items():
            signal.signal(number, handler)
        if replaced:
            sys.unraisablehook = ignored
