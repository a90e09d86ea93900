"""The user's choice of hole: a mask file, boxes, a key color or what is found, and edits to it."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image

from lgtsm.counted import counted
from lgtsm.video.errors import VideoError
from lgtsm.video.frame_folder import list_images
from lgtsm.video.mask_edit import HoleSource, Mask, edit_hole, widen_in_time
from lgtsm.video.mask_pictures import MaskPictures
from lgtsm.video.mask_reader import MaskReader
from lgtsm.video.mask_sources import (
    KEY_TOLERANCE,
    Box,
    KeyColorMask,
    StillMask,
    TimedBoxes,
    UnionMask,
    box_hole,
    key_hole,
    union_of,
)
from lgtsm.video.probe import VideoInfo
from lgtsm.video.times import Span, covered

FINDERS = "text", "track", "logo"  # names of options that find holes
Finder = Callable[[VideoInfo], HoleSource]
Widener = Callable[[VideoInfo, HoleSource], HoleSource]


@dataclasses.dataclass(frozen=True)
class MaskChoice:
    """Where the hole is: one of `path`, `boxes` and `key_color`, or what is `found`; and edits to it.

    path: an image for all frames, a folder of images, a video, or an array in a .npy file; white = missing.
    boxes: x, y, width, height in pixels each, for all frames.
    key_color: red, green, blue, 0 to 255; pixels of this color are missing.
    key_tolerance: largest difference from it in each channel, 0 to 255.
    found: for each of FINDERS that is asked for, the function that finds its holes in a video from `probe`; the union
        counts.
    shadow: widens the holes of `path`, or those that `found` has for "track", to what moves with the object; None
        leaves them.
    invert: swap missing and known.
    resize, repeat: scale a mask file to the video; repeat its last frame if it is too short, cut it if too long.
    by_order: pair a folder of masks with a folder of frames by order, not by the numbers in their names.
    levels: gray levels of a mask file that are missing, (first, last) pairs from 0 to 255; else the bright ones, or all
        labels of objects.
    box_spans: for each box, the part of the video that it is there for, or None; empty: all of it.
    between: parts of the video that have holes, see `lgtsm.video.times`; empty: all of it.
    dilate: grow the hole by N pixels on all sides. dilate_time: add the holes of N neighbors each way.

    Raises:
        VideoError: options contradict each other or are out of range.
    """

    path: Path | None = None
    boxes: tuple[Box, ...] = ()
    key_color: tuple[int, int, int] | None = None
    key_tolerance: int = KEY_TOLERANCE
    invert: bool = False
    resize: bool = False
    repeat: bool = False
    by_order: bool = False
    levels: tuple[tuple[int, int], ...] = ()
    dilate: int = 0
    dilate_time: int = 0
    box_spans: tuple[Span | None, ...] = ()
    between: tuple[Span, ...] = ()
    found: Mapping[str, Finder] = dataclasses.field(default_factory=dict)
    shadow: Widener | None = None

    def __post_init__(self):
        given_by = {"mask": self.path, "box": self.boxes, "key_color": self.key_color}
        given = [name for name, way in given_by.items() if way]
        if len(given) + bool(self.found) != 1:
            came = " and ".join(f"`{name}`" for name in [*given, *self.found]) or "none of them"
            finders = ", ".join(f"`{name}`" for name in FINDERS)
            raise VideoError(
                f"Mark the hole with one of `mask`, `box` and `key_color`, or any of {finders}; got {came}."
            )
        given += self.found
        for name in ("resize", "repeat", "by_order", "levels"):
            if getattr(self, name) and self.path is None:
                raise VideoError(f"`{name}` is for mask files; `{given[0]}` always fits the video. Omit it.")
        if self.shadow is not None:
            if self.path is None and "track" not in self.found:
                raise VideoError(
                    f"`shadow` looks for what moves with an object, which `track` follows or `mask` marks; "
                    f"`{given[0]}` marks none. Omit it."
                )
            if self.invert:
                raise VideoError("`shadow` needs the object itself, not all around it; omit `shadow` or `invert`.")
        if self.box_spans and len(self.box_spans) != len(self.boxes):
            raise VideoError(
                f"`box_spans` must have an entry for each box; got {len(self.box_spans)} for {len(self.boxes)}."
            )
        for name, most in {"dilate": 10_000, "dilate_time": 1000, "key_tolerance": 255}.items():
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise VideoError(f"{name} must be a whole number from 0 to {most}; got {value}.")

    def open(self, info: VideoInfo, notice: Callable[[str], None] | None = None) -> Mask:
        """Open the mask of a video from `probe`; call `notice` with a sentence if something looks wrong.

        Raises:
            VideoError: the mask cannot be read, does not fit the video, or masks nothing or everything.
        """
        source: HoleSource
        if self.path is not None:
            source = self._reader(
                info.frames,
                info.height,
                info.width,
                self.repeat,
                self.by_order,
                frames=list_images(info.path, info.allow_gaps) if info.path.is_dir() else None,
                turned=_turned(info),
            )
            if self.shadow is not None:
                if self._is_still_file:
                    raise VideoError(
                        f"`shadow` needs a mask of an object that moves; {self.path} is one picture for all frames. "
                        "Name a mask with a picture for each frame, or omit it."
                    )
                source = self.shadow(info, source)
        elif any(self.box_spans):
            times = info.times()
            there = [[True] * info.frames if span is None else covered([span], times) for span in self.box_spans]
            source = TimedBoxes(self._box_holes(info.height, info.width), list(zip(*there)))
        elif self.boxes:
            source = StillMask(box_hole(self.boxes, info.height, info.width), info.frames, "The box")
        elif self.found:
            found = [
                find(info) if self.shadow is None or name != "track" else self.shadow(info, find(info))
                for name, find in self.found.items()
            ]
            source = found[0] if len(found) == 1 else UnionMask(found)
        else:
            source = KeyColorMask(info, self._color(), self.key_tolerance)
        active = covered(self.between, info.times()) if self.between else None
        return Mask(source, self.invert, self.dilate, self.dilate_time, notice, active)

    def still_hole(self, height: int, width: int, notice: Callable[[str], None] | None = None) -> np.ndarray | None:
        """Return the hole (height, width) if it never moves in a video of this size in pixels, else None.

        `notice` and errors as in `open`.
        """
        source: MaskReader | StillMask
        if self.between or any(self.box_spans) or self.shadow is not None:
            return None
        if self.boxes:
            source = StillMask(box_hole(self.boxes, height, width), 1, "The box")
        elif self._is_still_file:
            source = self._reader(1, height, width)
        else:
            return None
        (hole,) = Mask(source, self.invert, self.dilate, notice=notice)
        return hole

    @cached_property
    def _is_still_file(self) -> bool:
        """Whether a file holds one picture for all frames; a video is read through to tell."""
        return self.path is not None and MaskPictures(self.path).is_still

    def _box_holes(self, height: int, width: int) -> list[np.ndarray]:
        return [box_hole([box], height, width) for box in self.boxes]

    def follow(
        self,
        frames: Iterable[np.ndarray],
        height: int,
        width: int,
        notice: Callable[[str], None] | None = None,
        fps: Fraction = Fraction(25),
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the frames of a stream of unknown length with their holes; look `dilate_time` frames ahead.

        Args:
            frames: uint8 (height, width, 3).
            height, width: size of the frames, in pixels.
            notice: as in `open`.
            fps: frames per second, for parts of the video in seconds.

        Raises:
            VideoError: as in `open`; or, while streaming, the mask file ends before the stream.
        """
        if self.found or self.shadow is not None:
            what = " and ".join(f"`{name}`" for name in self.found or ("shadow",))
            raise VideoError(f"{what} looks at a video more than once, and this one is a stream. Write a file.")
        still = self.still_hole(height, width)
        if still is not None:
            return zip(frames, itertools.repeat(still))
        pairs: Iterator[tuple[np.ndarray, np.ndarray]]
        if self.boxes:
            holes = self._box_holes(height, width)
            spans = self.box_spans or (None,) * len(holes)
            pairs = (
                (frame, union_of(holes, [span is None or _covers(span, number, fps) for span in spans]))
                for number, frame in enumerate(frames)
            )
        elif self.path is None:
            pairs = ((frame, key_hole(frame, self._color(), self.key_tolerance)) for frame in frames)
        else:
            mask = self._reader(None, height, width)
            Mask(mask, self.invert, notice=notice)  # reports faults before the first frame
            pairs = self._beside(frames, mask, notice)
        edited = ((frame, edit_hole(hole, self.invert, self.dilate)) for frame, hole in pairs)
        if self.between:
            edited = (
                (frame, hole if any(_covers(span, number, fps) for span in self.between) else np.zeros_like(hole))
                for number, (frame, hole) in enumerate(edited)
            )
        return widen_in_time(edited, self.dilate_time)

    def _color(self) -> tuple[int, int, int]:
        """Return the key color of a mask that has neither a file nor boxes."""
        assert self.key_color is not None
        return self.key_color

    def _reader(self, num_frames: int | None, height: int, width: int, *options: bool, **more: Any) -> MaskReader:
        assert self.path is not None
        switches: Any = self.resize, *options
        return MaskReader(self.path, num_frames, height, width, *switches, **{"levels": self.levels, **more})

    def _beside(
        self, frames: Iterable[np.ndarray], mask: MaskReader, notice: Callable[[str], None] | None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        holes, count = iter(mask), 0
        hole: Any = None
        for frame in frames:
            count += 1
            following = next(holes, None)
            if following is None and not self.repeat:
                raise VideoError(
                    f"{self.path} must have as many frames as the stream; it has {len(mask)}, and the stream has more. "
                    "Use one image for all frames, or set `repeat` to repeat the last one."
                )
            hole = hole if following is None else following
            yield frame, hole
        if count < len(mask) and not self.repeat and notice is not None:
            notice(f"{self.path} has {counted(len(mask), 'frame')}, but the stream ended after {count}.")


def _covers(span: Span, number: int, fps: Fraction) -> bool:
    """Tell whether a frame of a stream of even rate is in a span."""
    return span.covers(number, number / fps, (number + 1) / fps)


def _turned(info: VideoInfo) -> str:
    """Return how a video comes to be upright, if its stored pictures lie on their side, else an empty string."""
    if info.rotation in (90, 270):
        return f"rotation {info.rotation}"
    if info.index is None:
        file = list_images(info.path, info.allow_gaps)[0] if info.path.is_dir() else info.path
        with Image.open(file) as image:
            if image.getexif().get(ExifTags.Base.Orientation, 1) >= 5:
                return "EXIF orientation"
    return ""
