"""Write a page about one filled video: frames before and after, a slice through time, timings."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from lgtsm.counted import counted
from lgtsm.document import Block, Heading, Picture, Table, Text, to_html
from lgtsm.inference.inpainter import FillSummary
from lgtsm.inference.preview import tint_hole
from lgtsm.inference.records import Filled
from lgtsm.places import check_place
from lgtsm.sole_writer import SoleWriter
from lgtsm.video.pictures import write_png
from lgtsm.video.survey import Survey
from lgtsm.whole_files import whole_folder

FRAMES, SLICE_FRAMES, PICTURE_WIDTH, CROP = 6, 480, 480, 400
STEPS = {
    "mask": "Read the mask, and plan the work.",
    "decode": "Read the frames.",
    "fill": "Fill the hole.",
    "encode": "Write the result.",
    "watch": "Take samples for this page or a preview.",
}


class ReportWriter:
    """Sample the fill and lay it out as a page. Pass it to `Inpainter.fill_file` as `watch`, then call `write`.

    Memory does not grow with the video: it keeps six frames, and one row of at most 480.

    Args:
        folder: new or empty, for index.html and its pictures.
        found: survey of the mask, to choose the frames and the row.

    Raises:
        VideoError: the folder is not empty, or cannot be made.
    """

    def __init__(self, folder: str | Path, found: Survey):
        self.folder = Path(folder)
        check_place(self.folder, folder=True)
        areas = found.areas
        with_hole = np.flatnonzero(areas)
        self.chosen = set(
            with_hole[np.linspace(0, len(with_hole) - 1, min(FRAMES, len(with_hole))).round().astype(int)]
        )
        self.row = int(np.argmax(found.rows))
        middle = int(np.searchsorted(np.cumsum(areas), sum(areas) / 2))
        self.start = max(0, min(middle - SLICE_FRAMES // 2, len(areas) - SLICE_FRAMES))
        self.samples: list[Filled] = []
        self.slice: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def __call__(self, filled: Filled) -> None:
        """Take the next frame."""
        frame, row = filled.frame, slice(self.row, self.row + 1)
        number, image, hole = frame.number, frame.image, frame.hole
        if number in self.chosen:
            # Hold no view of a piece of the scene, and no decoded frame.
            self.samples.append(Filled(frame._replace(source=None), filled.image.copy()))
        if self.start <= number < self.start + SLICE_FRAMES:
            marked = tint_hole(image[row], hole[row])[0]
            self.slice.append((image[self.row].copy(), marked, filled.image[self.row].copy()))

    def write(self, summary: FillSummary, title: str) -> None:
        """Write index.html and its pictures; the folder appears once it is complete."""
        with SoleWriter(self.folder), whole_folder(self.folder) as temporary:
            names = self._write_pictures(temporary)
            (temporary / "index.html").write_text(to_html(_page(summary, title, names, self)), encoding="utf-8")

    def _write_pictures(self, folder: Path) -> dict[int, tuple[str, str]]:
        names = {}
        for sample, filled in self.samples:
            number, frame, hole = sample.number, sample.image, sample.hole
            names[number] = f"frame_{number:06d}.png", f"detail_{number:06d}.png"
            views = [_narrow(view) for view in (frame, tint_hole(frame, hole), filled)]
            write_png(folder / names[number][0], np.concatenate(views, axis=1))
            part = _around(hole)
            detail = np.concatenate([frame[part], filled[part]], axis=1)
            write_png(folder / names[number][1], _enlarged(detail, CROP // max(detail.shape[0], detail.shape[1] // 2)))
        for name, lines in zip(("before", "hole", "after"), zip(*self.slice)):
            # Thicken the lines of short clips, to make them visible.
            write_png(folder / f"slice_{name}.png", np.repeat(np.stack(lines), max(1, 192 // len(lines)), axis=0))
        return names


def _narrow(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    if width <= PICTURE_WIDTH:
        return picture
    size = (PICTURE_WIDTH, max(1, round(height * PICTURE_WIDTH / width)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def _enlarged(picture: np.ndarray, times: int) -> np.ndarray:
    return picture.repeat(max(1, times), axis=0).repeat(max(1, times), axis=1)


def _around(hole: np.ndarray) -> tuple[slice, slice]:
    """Return rows and columns around the middle of a hole, half as large again as it, at most 400 pixels."""
    parts: list[slice] = []
    for axis in (1, 0):
        there = np.flatnonzero(hole.any(axis))
        length, size = hole.shape[1 - axis], min(CROP, max(32, round(1.5 * (there[-1] - there[0] + 1))))
        start = max(0, min((there[0] + there[-1]) // 2 - size // 2, length - size))
        parts.append(slice(start, start + size))
    return parts[0], parts[1]


def _page(summary: FillSummary, title: str, names: dict[int, tuple[str, str]], writer: ReportWriter) -> list[Block]:
    blocks: list[Block] = [
        Heading(f"{title}, filled", 1),
        Heading("What was done"),
        Table(["fact", "value", "meaning"], _facts(summary)),
    ]
    shown = "Each frame: before, with the hole marked, after. Below it, enlarged, the hole before and after."
    blocks += [Heading("Frames"), Text(shown)]
    for number, (whole, detail) in names.items():
        blocks += [
            Picture(whole, f"Frame {number}"),
            Picture(detail, f"Frame {number} around the hole, before and after"),
        ]
    last = writer.start + len(writer.slice) - 1
    said = (
        f"Row {writer.row} of the frames {writer.start} to {last}, from top to bottom. Lines that go on smoothly move "
        "smoothly. What jitters or breaks off at the hole flickers in the video."
    )
    blocks += [Heading("A slice through time"), Text(said)]
    for name, caption in (("before", "Before"), ("hole", "Hole marked"), ("after", "After")):
        blocks.append(Picture(f"slice_{name}.png", caption))
    seconds = [
        (name, STEPS[name], f"{value:.2f}", f"{value / max(summary.seconds, 1e-9):.1%}")
        for name, value in summary.times.items()
    ]
    blocks.append(Heading(f"Time: {summary.seconds:.1f} s"))
    blocks.append(Table(["step", "what it does", "seconds", "share of the time"], seconds))
    return blocks


def _facts(summary: FillSummary) -> list[tuple[str, str, str]]:
    plan, info = summary.plan, summary.info
    regions, passes = sum(len(segment.regions) for segment in plan.segments), len(plan.passes)
    parts = [f"{plan.computed:.1%} of all pixels", f"at {plan.width}x{plan.height}"]
    parts += [f"in {counted(regions, 'region')} of {counted(len(plan.segments), 'run')} of frames"] if regions else []
    parts += [f"in {passes} passes through the video"] if passes > 1 else []
    size = f"{counted(info.frames, 'frame')} of {info.width}x{info.height}, {float(info.fps):.3f} frames a second"
    facts = [
        ("video", size, "Size of the result, in pixels."),
        ("result", str(summary.output), "File that was written."),
        ("hole", f"{summary.hole_share:.2%} of all pixels", "Pixels of all frames that were filled; the others stay."),
        ("computed", ", ".join(parts), "What the method looked at to fill the hole."),
    ]
    if plan.bytes is not None:
        memory = f"{counted(plan.chunk, 'frame')}, about {plan.bytes / 2**20:.0f} MiB"
        facts.append(("at once", memory, "Frames that the network fills together, and the memory estimated for it."))
    return [*facts, ("scene cuts", str(summary.cuts), "Places where the picture changes; nothing is copied across.")]
