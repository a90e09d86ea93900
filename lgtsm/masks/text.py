"""Find lines of text in a video: subtitles, captions, credits."""

from __future__ import annotations

import importlib.util
import math
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from lgtsm.optional import UnavailableError, require

MODEL = "ch_PP-OCRv4_det_infer.onnx"
PACKAGE, INSTALL = "rapidocr_onnxruntime", "pip install --no-deps --ignore-requires-python rapidocr-onnxruntime==1.4.4"
FOLDER_VARIABLE = "LGTSM_WEIGHTS"
SHORT_SIDE = 320, 480  # pixels, least and most, that the detector sees
MULTIPLE = 32  # of the sides that it takes
TEXT, SURE = 0.3, 0.5  # probability of a pixel of text, and mean of a line's
SMALLEST = 3  # pixels, the height of a line
# The detector takes a dog, a hand or a bee before a plain ground for a letter. Lines are lower, and wider than tall.
TALLEST = 0.2  # of the frame's short side
WIDER = 1.2
UNCLIP = 1.6  # the detector marks the core of a line; grow it by so much of its area over its perimeter
LOOKS_A_SECOND = 8
SAME_LINE = 0.5  # intersection over union of two finds of one line
FEWEST_LOOKS = 2  # a line that is found only once is a mistake

Probability = Callable[[np.ndarray], np.ndarray]


class Line(NamedTuple):
    """A line of text.

    top, left: of `hole` in the frame, pixels. hole: (rows, columns) uint8, 1 = text, of all looks. first, last: looks
    that found it.
    """

    top: int
    left: int
    hole: np.ndarray
    first: int
    last: int
    looks: int


class TextDetector:
    """The text detector of PP-OCRv4, run by ONNX Runtime.

    Args:
        path: of the detector; None looks in the folder that LGTSM_WEIGHTS names, then in the package that holds it.
        threads: to use; None for all.

    Raises:
        UnavailableError: there is no such file, or no ONNX Runtime; the message says what to install.

    Source: Liao et al. 2020 (differentiable binarization), the released detector of PaddleOCR (Apache-2.0).
    """

    def __init__(self, path: str | Path | None = None, threads: int | None = None):
        runtime = require("onnxruntime", "finding text", "lgtsm[text]")
        options = runtime.SessionOptions()
        if threads is not None:
            options.intra_op_num_threads = threads
        file = Path(path) if path is not None else find_model()
        self._session = runtime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def __call__(self, frame: np.ndarray) -> np.ndarray:
        """Return the probability of text at each pixel, (height, width) float32, of an RGB frame, uint8."""
        height, width = frame.shape[:2]
        short = min(height, width)
        scale = min(max(short, SHORT_SIDE[0]), SHORT_SIDE[1]) / short
        rows, columns = (max(MULTIPLE, round(side * scale / MULTIPLE) * MULTIPLE) for side in (height, width))
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        seen = cv2.resize(frame[..., ::-1], (columns, rows), interpolation=way)  # it learned on BGR
        planes = (seen.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None]
        (found,) = self._session.run(None, {self._input: planes})
        return cv2.resize(found[0, 0], (width, height), interpolation=cv2.INTER_LINEAR)


def find_model() -> Path:
    """Return the file of the detector.

    Raises:
        UnavailableError: it is nowhere.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder and (Path(folder) / MODEL).is_file():
        return Path(folder) / MODEL
    package = importlib.util.find_spec(PACKAGE)  # only its file is used, nothing of it is imported
    for place in (package.submodule_search_locations or ()) if package is not None else ():
        if (Path(place) / "models" / MODEL).is_file():
            return Path(place) / "models" / MODEL
    raise UnavailableError(
        f"Finding text needs the detector {MODEL}: {INSTALL}. Without its dependencies, which would replace OpenCV: "
        f"only that file is used. Or put the file into a folder and name it in {FOLDER_VARIABLE}."
    )


def lines_in(probability: np.ndarray) -> list[tuple[int, int, np.ndarray]]:
    """Return the lines in one frame that run across: top, left and hole (rows, columns) uint8 of each.

    Args:
        probability: of text at each pixel, (height, width).
    """
    height, width = probability.shape
    found = []
    contours, _ = cv2.findContours((probability > TEXT).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    for contour in contours:
        x, y, across, down = cv2.boundingRect(contour)
        if not SMALLEST <= down <= TALLEST * min(height, width) or across < WIDER * down:
            continue
        center, sides, angle = cv2.minAreaRect(contour)
        inside = np.zeros((down, across), np.uint8)
        cv2.drawContours(inside, [contour], -1, 1, -1, offset=(-x, -y))
        if cv2.mean(probability[y : y + down, x : x + across], inside)[0] < SURE:
            continue
        grow = 2 * UNCLIP * sides[0] * sides[1] / (2 * (sides[0] + sides[1]))
        corners = cv2.boxPoints((center, (sides[0] + grow, sides[1] + grow), angle))
        (left, top), (right, bottom) = np.floor(corners.min(0)), np.ceil(corners.max(0))
        left, top = int(max(0, left)), int(max(0, top))
        size = int(min(height, bottom + 1)) - top, int(min(width, right + 1)) - left
        hole = np.zeros(size, np.uint8)
        cv2.fillPoly(hole, [np.round(corners - (left, top)).astype(np.int32)], 1)
        found.append((top, left, hole))
    return found


class TextMask:
    """Holes over the text of a video; each line is covered as long as it stands, by the union of all looks at it.

    Args:
        frames: returns the frames of the video, uint8 (height, width, 3), each time it is called.
        num_frames: of the video.
        fps: frames per second.
        detector: returns the probability of text at each pixel of a frame.
    """

    name = "The text"
    why_empty = "No text was found. Mark it with a box."

    def __init__(
        self,
        frames: Callable[[], Iterable[np.ndarray]],
        num_frames: int,
        fps: float,
        detector: Probability,
    ):
        self.num_frames = num_frames
        self.step = max(1, math.ceil(fps / LOOKS_A_SECOND))
        self.size, lines = _find_lines(frames(), self.step, detector)
        self.lines = [line for line in lines if line.looks >= FEWEST_LOOKS or num_frames <= self.step]

    def __len__(self) -> int:
        return self.num_frames

    def __iter__(self) -> Iterator[np.ndarray]:
        shown: tuple[int, ...] | None = None
        hole = np.zeros(self.size, np.uint8)
        for number in range(self.num_frames):
            # A line may come and go anywhere between two looks.
            there = tuple(
                place
                for place, line in enumerate(self.lines)
                if (line.first - 1) * self.step < number < (line.last + 1) * self.step
            )
            if there != shown:
                shown, hole = there, np.zeros(self.size, np.uint8)
                for line in (self.lines[place] for place in there):
                    _cover(hole, line)
            yield hole


def _find_lines(frames: Iterable[np.ndarray], step: int, detector: Probability) -> tuple[tuple[int, int], list[Line]]:
    """Look at every step-th frame; return the size of the frames, and the lines."""
    standing: list[Line] = []
    ended: list[Line] = []
    size, look = (0, 0), -1
    for number, frame in enumerate(frames):
        if number % step:
            continue
        look, size = number // step, (frame.shape[0], frame.shape[1])
        for top, left, hole in lines_in(detector(frame)):
            new = Line(top, left, hole, look, look, 1)
            same = next((place for place, line in enumerate(standing) if _overlap(line, new) > SAME_LINE), None)
            if same is None:
                standing.append(new)
            else:
                standing[same] = _join(standing[same], new)
        ended += [line for line in standing if line.last < look - 1]  # one look may miss it
        standing = [line for line in standing if line.last >= look - 1]
    return size, ended + standing


def _box(line: Line) -> tuple[int, int, int, int]:
    return line.top, line.left, line.top + line.hole.shape[0], line.left + line.hole.shape[1]


def _overlap(one: Line, other: Line) -> float:
    """Return the intersection over union of two lines' boxes."""
    a, b = _box(one), _box(other)
    rows, columns = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if rows <= 0 or columns <= 0:
        return 0.0
    both = one.hole.size + other.hole.size - rows * columns
    return rows * columns / both


def _join(one: Line, other: Line) -> Line:
    """Return the union of two looks at a line."""
    a, b = _box(one), _box(other)
    top, left = min(a[0], b[0]), min(a[1], b[1])
    hole = np.zeros((max(a[2], b[2]) - top, max(a[3], b[3]) - left), np.uint8)
    for line in (one, other):
        _cover(hole, line._replace(top=line.top - top, left=line.left - left))
    again = 0 if one.last == other.last else 1  # two finds in one look are one
    return Line(top, left, hole, one.first, other.last, one.looks + again)


def _cover(hole: np.ndarray, line: Line) -> None:
    top, left, bottom, right = _box(line)
    hole[top:bottom, left:right] |= line.hole
