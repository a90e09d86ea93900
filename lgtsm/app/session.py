"""What one browser tab works on: its video, its marks, its results, all in a folder that goes with it."""

from __future__ import annotations

import dataclasses
import secrets
import shutil
import threading
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from lgtsm.app.jobs import DONE, RUNNING, Job, JobQueue, Task
from lgtsm.app.marks import BOX, MOST_MARKS, Drawing, read_mark
from lgtsm.app.tasks import Fill, Find, Finder, Result, ShowMask, shown_size, smaller
from lgtsm.app.uploads import Limits, check_upload, safe_name
from lgtsm.inference.preview import tint_hole
from lgtsm.video.open import open_video
from lgtsm.video.probe import VideoInfo
from lgtsm.video.times import Span
from lgtsm.whole_files import remove

PICTURE_ROWS = 720  # of a frame that is sent to the browser
KEEP = 300.0  # seconds that a tab may be away, as a telephone's when its screen is off
LARGE = 720  # rows above which filling at half the height is offered
FASTER = 360


class Session:
    """One tab's work.

    Args:
        folder: of its own; removed by `close`.
        jobs: the queue that all tabs share.
        limits: of its video.
        device: to fill on.

    Attributes:
        info: the video; None until one is open.
        drawing: what is marked.
        job: the last one; None if there was none.
        result: of the last fill; None until there is one.
    """

    def __init__(self, folder: Path, jobs: JobQueue, limits: Limits, device: str = "cpu"):
        self.folder, self.jobs, self.limits, self.device = folder, jobs, limits, device
        self.folder.mkdir(parents=True)
        self.info: VideoInfo | None = None
        self.drawing = Drawing()
        self.job: Job | None = None
        self.result: Result | None = None
        self.pace: float | None = None
        self.lock = threading.RLock()
        self._shown: tuple[int, np.ndarray] | None = None
        self._kept: dict[str, Path] = {}

    def open(self, upload: Path) -> VideoInfo:
        """Take a file over from where the browser put it, in place of an earlier one.

        Raises:
            VideoError: it is no video, or exceeds the limits; nothing of it is kept, and no earlier video either.
        """
        self.reset()
        with self.lock:
            place = self._new_folder() / safe_name(upload.name)
            try:
                shutil.move(upload, place)
                self.info = check_upload(place, self.limits)
            except BaseException:
                remove(place.parent)
                remove(upload)
                raise
            return self.info

    def reset(self) -> None:
        """Forget the video and all that was made of it."""
        self._stop()
        with self.lock:
            self.info = self.result = self.job = self.pace = self._shown = None
            self.drawing, self._kept = Drawing(), {}
            for place in self.folder.iterdir():
                remove(place)

    @property
    def video(self) -> VideoInfo:
        """The open video.

        Raises:
            ValueError: there is none.
        """
        if self.info is None:
            raise ValueError("No video is open. Open one first.")
        return self.info

    def add(self, mark: Mapping[str, Any]) -> None:
        """Add a mark, as the browser sends it.

        Raises:
            ValueError: it is none, or there are too many.
        """
        if len(self.drawing.marks) >= MOST_MARKS:
            raise ValueError(f"A drawing must have at most {MOST_MARKS} strokes and boxes. Clear it to begin anew.")
        marks = *self.drawing.marks, read_mark(mark, self.video)
        self.drawing = dataclasses.replace(self.drawing, marks=marks)

    def undo(self) -> None:
        """Take the last mark back."""
        self.drawing = dataclasses.replace(self.drawing, marks=self.drawing.marks[:-1])

    def clear(self) -> None:
        """Take all marks back, and all that was found."""
        self.drawing = dataclasses.replace(self.drawing, marks=(), found={})

    def grow(self, pixels: int) -> None:
        """Grow the mask by so many pixels on all sides."""
        self.drawing = dataclasses.replace(self.drawing, grow=max(0, int(pixels)))

    def limit(self, start: float | None, end: float | None) -> None:
        """Fill only from a time to another one, in seconds; None is the start or the end of the video.

        Raises:
            ValueError: no frame is between them.
        """
        length = float(self.video.duration)
        start = None if start is None or start <= 0 else start
        end = None if end is None or end >= length else end
        if (start or 0) >= (length if end is None else end):
            shown = f"{start or 0:g} s to {length if end is None else end:g} s"
            raise ValueError(f"The part must end after it starts, within the {length:.2f} s of the video; got {shown}.")
        part = None
        if start is not None or end is not None:
            begin, stop = (None if time is None else Fraction(time) for time in (start, end))
            part = Span(begin, stop, False, f"{start or 0:g}s-{'' if end is None else f'{end:g}s'}")
        self.drawing = dataclasses.replace(self.drawing, part=part)

    def frame(self, number: int) -> np.ndarray:
        """Return a frame of the video, uint8 (height, width, 3)."""
        with self.lock:
            if self._shown is None or self._shown[0] != number:
                self._shown = number, read_frame(self.video.path, number, self.video)
            return self._shown[1]

    def picture(self, number: int) -> np.ndarray:
        """Return a frame with its hole tinted, in a size for the page."""
        info, frame = self.video, self.frame(number)
        tinted = tint_hole(frame, self.drawing.hole(info, number))
        return smaller(tinted, *shown_size(info.height, info.width, PICTURE_ROWS))

    def compared(self, number: int) -> tuple[int, Path, Path] | None:
        """Write a frame of the video, and the same of the result, as pictures.

        Args:
            number: of the frame in the video; the nearest one that the result has is taken.

        Returns:
            The number of the frame, and the two files; None if there is no result.
        """
        with self.lock:
            result, info = self.result, self.video
            if result is None:
                return None
            number = min(max(number, result.start), result.start + result.frames - 1)
            size = shown_size(info.height, info.width, PICTURE_ROWS)
            folder = self._keep("compared", self._new_folder())
            files = folder / "before.jpg", folder / "after.jpg"
            for file, frame in zip(files, (self.frame(number), read_frame(result.video, number - result.start))):
                file.write_bytes(jpeg(smaller(frame, *size)))
            return number, *files

    def preview(self, number: int, faster: bool = False) -> Job:
        """Fill the seconds around a frame."""
        return self._start(self._fill(number, faster), self.pace)

    def fill(self, faster: bool = False) -> Job:
        """Fill the video."""
        return self._start(self._fill(None, faster), self.pace)

    def show_mask(self) -> Job:
        """Write the video with its mask tinted."""
        return self._start(ShowMask(self.video, self.drawing, self._new_folder()))

    def find(self, name: str, finder: Finder) -> Job:
        """Find something, such as text, and add it to what is marked; `name` replaces what it found before."""
        return self._start(Find(self.video, self.drawing, name, finder))

    def follow(self, name: str, finder: Finder) -> Job:
        """Follow what is in the last box, and mark it in place of the box.

        Raises:
            ValueError: there is no box.
        """
        boxes = [mark for mark in self.drawing.marks if mark.kind == BOX]
        if not boxes:
            raise ValueError("Draw a box around the object on one frame first; it is followed from there.")
        name = f"{name} {len(self.drawing.found)}"  # further objects do not replace it
        return self._start(Find(self.video, self.drawing, name, finder, boxes[-1]))

    def cancel(self) -> None:
        """Stop the job."""
        if self.job is not None:
            self.job.cancel()

    def _finish(self, job: Job) -> None:
        """Note the result of a job that ends, and remove what an earlier one or a stopped one left."""
        task = job.task
        with self.lock:
            if job is not self.job:
                return
            if isinstance(task, Find):
                if job.state == DONE:
                    found = {**self.drawing.found, task.name: job.result}
                    marks = tuple(mark for mark in self.drawing.marks if mark is not task.box)
                    self.drawing = dataclasses.replace(self.drawing, marks=marks, found=found)
                return
            assert isinstance(task, (Fill, ShowMask))
            if job.state != DONE:
                remove(task.folder)
                return
            self._keep(type(task).__name__, task.folder)
            if isinstance(job.result, Result):
                self.result, self.pace = job.result, job.seconds / job.result.frames

    def close(self) -> None:
        """Stop the job and remove all files."""
        self._stop()
        with self.lock:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _stop(self) -> None:
        """Cancel the job and wait until it writes no more."""
        self.cancel()
        if self.job is not None and self.job.state == RUNNING:
            self.job.over.wait(timeout=30)

    def _fill(self, around: int | None, faster: bool) -> Fill:
        info = self.video
        rows = FASTER if faster and info.height > LARGE else None
        return Fill(info, self.drawing, self._new_folder(), f"{info.path.stem}_filled", around, rows, self.device)

    def _start(self, task: Task, pace: float | None = None) -> Job:
        with self.lock:
            if self.job is not None and not self.job.over.is_set() and not self.job.stop.is_set():
                raise ValueError("One thing at a time: this page is still at work. Wait for it, or cancel it.")
            self.job = self.jobs.submit(task, pace, self._finish)
            return self.job

    def _keep(self, kind: str, folder: Path) -> Path:
        """Keep a folder in place of the earlier one of its kind."""
        if kind in self._kept:
            remove(self._kept[kind])
        self._kept[kind] = folder
        return folder

    def _new_folder(self) -> Path:
        folder = self.folder / secrets.token_urlsafe(16)
        folder.mkdir()
        return folder


class Sessions:
    """The sessions of all tabs, by the names that the server gives them.

    Args:
        folder: for their folders.
        make: returns a new session in a folder.
        keep: seconds after which a tab that is away loses its session.
    """

    def __init__(self, folder: Path, make: Callable[[Path], Session], keep: float = KEEP):
        self.folder, self.make, self.keep = folder, make, keep
        self._open: dict[str, Session] = {}
        self._away: dict[str, threading.Timer] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._open)

    def get(self, name: str) -> Session:
        """Return the session of a tab, a new one at its first call."""
        with self._lock:
            self._back(name)
            if name not in self._open:
                self._open[name] = self.make(self.folder / secrets.token_urlsafe(16))
            return self._open[name]

    def leave(self, name: str) -> None:
        """Note that a tab is closed, or away; it may come back within `keep` seconds."""
        with self._lock:
            self._back(name)
            if name in self._open:
                timer = self._away[name] = threading.Timer(self.keep, self._drop, [name])
                timer.daemon = True
                timer.start()

    def close(self) -> None:
        """End all sessions."""
        with self._lock:
            for name in list(self._away):
                self._back(name)
            for name in list(self._open):
                self._open.pop(name).close()

    def _back(self, name: str) -> None:
        timer = self._away.pop(name, None)
        if timer is not None:
            timer.cancel()

    def _drop(self, name: str) -> None:
        with self._lock:
            gone = self._open.pop(name, None) if self._away.pop(name, None) is not None else None
        if gone is not None:
            gone.close()


def read_frame(path: Path, number: int, info: VideoInfo | None = None) -> np.ndarray:
    """Return one frame of a video file, uint8 (height, width, 3)."""
    with open_video(path, "pyav", index=None if info is None else info.index) as video:
        frame: np.ndarray = video.read([number])[0]
        return frame


def jpeg(image: np.ndarray) -> bytes:
    """Return an RGB picture as JPEG."""
    return cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
