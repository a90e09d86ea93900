"""Run one task at a time in a process of its own, so that it can be stopped at once whatever it is doing."""

from __future__ import annotations

import multiprocessing
import os
import queue
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from lgtsm.exits import in_words
from lgtsm.optional import UnavailableError
from lgtsm.progress_lines import duration

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
LOOK = 0.1  # seconds between looks at a task at work
DIED = "The work ended by itself; the memory may not have sufficed. Fill a smaller video, or close other programs."
UNEXPECTED = "Something went wrong that should not; the terminal of lgtsm app tells more."
Progress = Callable[[int, int], None]
Task = Callable[[Progress], Any]


class Job:
    """A task on its way.

    Args:
        task: called as task(progress) in the worker; it and its result can be pickled.
        pace: seconds per unit of progress, as far as known, until the first unit is done.
        after: called with the job when it has ended, before anybody who waits for it goes on.

    Attributes:
        state: WAITING, RUNNING, DONE, FAILED or CANCELLED.
        result: of the task, once it is done. error: the sentence, if it failed.
        done, total: progress; total is 0 until it is known.
    """

    def __init__(self, task: Task, pace: float | None = None, after: Callable[[Job], object] = lambda job: None):
        self.task, self.pace, self.after = task, pace, after
        self.state, self.error = WAITING, ""
        self.result: Any = None
        self.done = self.total = 0
        self.started = self.ended = 0.0
        self.stop = threading.Event()
        self.over = threading.Event()

    def cancel(self) -> None:
        """Ask the queue to stop it, or not to begin it."""
        self.stop.set()

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return (self.ended or time.monotonic()) - self.started if self.started else 0.0

    def end(self, state: str, result: Any = None, error: str = "") -> None:
        """Note how it ended."""
        self.state, self.result, self.error, self.ended = state, result, error, time.monotonic()
        try:
            self.after(self)
        finally:
            self.over.set()


def seconds_left(done: int, total: int, seconds: float, pace: float | None = None) -> float | None:
    """Return how long the rest takes; None if nothing tells yet.

    Args:
        done, total: units of work.
        seconds: since the start.
        pace: seconds per unit of earlier work of this kind, used until a unit is done.
    """
    if done:
        return seconds / done * (total - done)
    return None if pace is None or not total else max(0.0, pace * total - seconds)


def told(job: Job, ahead: int) -> str:
    """Return how a job stands, in words; `ahead` jobs come first."""
    if job.state == WAITING:
        return f"Waiting: {ahead} {'job is' if ahead == 1 else 'jobs are'} first." if ahead else "Starting ..."
    left = seconds_left(job.done, job.total, job.seconds, job.pace)
    count = f"{job.done} of {job.total} frames" if job.total else "reading the video"
    return f"{count}, {duration(job.seconds)} so far" + ("" if left is None else f", about {duration(left)} left")


class JobQueue:
    """Run jobs one after the other.

    Args:
        folder: removed by the worker if this process is killed.
        prepare: called in a new worker, to load what tasks need before the first one comes.
    """

    def __init__(self, folder: Path, prepare: Callable[[], object] | None = None):
        self.folder, self.prepare = folder, prepare
        self._waiting: list[Job] = []
        self._next: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._process, self._connection = self._start()
        self._thread = threading.Thread(target=self._run_all, name="lgtsm jobs", daemon=True)
        self._thread.start()

    def submit(self, task: Task, pace: float | None = None, after: Callable[[Job], object] = lambda job: None) -> Job:
        """Add a job at the end; for the arguments see `Job`."""
        job = Job(task, pace, after)
        with self._lock:
            self._waiting.append(job)
        self._next.put(job)
        return job

    def ahead_of(self, job: Job) -> int:
        """Return how many jobs come before one that waits."""
        with self._lock:
            return self._waiting.index(job) if job in self._waiting else 0

    def close(self) -> None:
        """Stop the job at work, forget the others and end the worker."""
        self._closed = True
        with self._lock:
            for job in self._waiting:
                job.cancel()
        self._next.put(None)
        self._thread.join()
        self._end_worker()

    def _run_all(self) -> None:
        while (job := self._next.get()) is not None:
            try:
                if job.stop.is_set():
                    job.end(CANCELLED)
                else:
                    self._run(job)
            finally:
                with self._lock:
                    self._waiting.remove(job)

    def _run(self, job: Job) -> None:
        job.state, job.started = RUNNING, time.monotonic()
        try:
            self._connection.send(job.task)
            while not job.over.is_set():
                if job.stop.is_set():
                    self._renew_worker()
                    job.end(CANCELLED)
                elif self._connection.poll(LOOK):
                    kind, *rest = self._connection.recv()
                    if kind == RUNNING:
                        job.done, job.total = rest
                    else:
                        job.end(kind, *rest)
        except Exception as error:  # the other pages wait for this thread
            if not isinstance(error, (EOFError, OSError)):  # such as a task that cannot be sent
                traceback.print_exc(file=sys.stderr)
            self._renew_worker()
            job.end(FAILED, error=DIED)

    def _start(self) -> tuple[BaseProcess, Connection]:
        context = multiprocessing.get_context("spawn")  # torch and its threads do not outlive a fork
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(theirs, self.folder, self.prepare), daemon=True)
        process.start()
        theirs.close()
        return process, ours

    def _end_worker(self) -> None:
        self._process.kill()
        self._process.join()
        self._connection.close()

    def _renew_worker(self) -> None:
        self._end_worker()
        if not self._closed:
            self._process, self._connection = self._start()


def work(connection: Connection, folder: Path, prepare: Callable[[], object] | None) -> None:
    """Run tasks as they come, until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the first one ends this one
    threading.Thread(target=_end_with_parent, args=(folder,), daemon=True).start()
    if prepare is not None:
        with suppress(Exception):  # a task that needs it will tell
            prepare()
    while True:
        try:
            task: Task = connection.recv()
        except EOFError:
            return
        try:
            result = task(lambda done, total: connection.send((RUNNING, done, total)))
            connection.send((DONE, result))
        except (ValueError, OSError, UnavailableError) as error:
            connection.send((FAILED, None, in_words(error)))
        except Exception:
            traceback.print_exc(file=sys.stderr)
            connection.send((FAILED, None, UNEXPECTED))


def _end_with_parent(folder: Path) -> None:
    """End this process, and remove what it all left, when the parent is killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)
