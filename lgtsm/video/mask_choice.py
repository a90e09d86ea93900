"""What a person says about the hole: a mask file, boxes or a key color, and how it is to be changed."""

from __future__ import annotations

import collections
import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from lgtsm.video.errors import VideoError
from lgtsm.video.listing import IMAGE_EXTENSIONS
from lgtsm.video.mask_edit import EditedMask, Mask, edit_hole, widen_in_time
from lgtsm.video.mask_reader import MaskReader
from lgtsm.video.mask_sources import Box, KeyColorMask, StillMask, box_hole, key_hole
from lgtsm.video.probe import VideoInfo

KEY_TOLERANCE = 24


@dataclasses.dataclass(frozen=True)
class MaskChoice:
    """Where the hole is: exactly one of `path`, `boxes` and `key_color`, and changes to it.

    path: an image for all frames, a folder of images, or a video; white = missing.
    boxes: x, y, width, height in pixels each, for all frames.
    key_color: red, green, blue; pixels of the video near it are missing.
    key_tolerance: by how much each channel may differ from it, 0 to 255.
    invert: missing and known change places.
    resize, repeat: scale a mask file of another size; let one that is too short go on with its last frame.
    dilate: pixels that the hole grows on all sides. dilate_time: neighbors each way whose holes a frame has too.

    Raises:
        VideoError: options contradict each other, or are out of range.
    """

    path: Path | None = None
    boxes: tuple[Box, ...] = ()
    key_color: tuple[int, int, int] | None = None
    key_tolerance: int = KEY_TOLERANCE
    invert: bool = False
    resize: bool = False
    repeat: bool = False
    dilate: int = 0
    dilate_time: int = 0

    def __post_init__(self):
        given = [
            name
            for name, value in (("--mask", self.path), ("--box", self.boxes), ("--key-color", self.key_color))
            if value
        ]
        if len(given) != 1:
            came = " and ".join(given) or "none of them"
            raise VideoError(
                f"The hole must be named in one way, by --mask, --box or --key-color; got {came}. Keep one of them."
            )
        for name, wrong in (("--resize-mask", self.resize), ("--repeat-mask", self.repeat)):
            if wrong and self.path is None:
                raise VideoError(
                    f"{name} is for mask files; {given[0]} has the size and the length of the video. Leave it out."
                )
        for name, value, most in (
            ("--dilate", self.dilate, 10_000),
            ("--dilate-time", self.dilate_time, 1000),
            ("--key-tolerance", self.key_tolerance, 255),
        ):
            if not 0 <= value <= most:
                raise VideoError(f"{name} must be a whole number from 0 to {most}; got {value}.")

    def open(self, info: VideoInfo, notice: Callable[[str], None] | None = None) -> Mask:
        """Open it for a video file or a folder of frames; it can be gone through as often as asked, each time anew.

        What its pictures hold is checked at the end of the first time, so go through it with
        `lgtsm.video.survey.survey` before any work is done.

        Args:
            info: the video, from `probe`.
            notice: called with a sentence when something looks odd.

        Raises:
            VideoError: the mask does not fit the video; when it is gone through: it cannot be read, masks nothing or
                everything.
        """
        widened = {"dilate": self.dilate, "dilate_time": self.dilate_time}
        if self.path is not None:
            size = info.frames, info.height, info.width
            mask = MaskReader(self.path, *size, self.invert, self.resize, self.repeat, notice)
            return EditedMask(mask, **widened, name=str(self.path)) if any(widened.values()) else mask
        if self.boxes:
            source = StillMask(box_hole(self.boxes, info.height, info.width), info.frames, "The box")
        else:
            source = KeyColorMask(info, self.key_color, self.key_tolerance)
        return EditedMask(source, self.invert, **widened, notice=notice, name=source.name)

    def still_hole(self, height: int, width: int, notice: Callable[[str], None] | None = None) -> np.ndarray | None:
        """Return the hole (height, width) if it is the same in all frames of any video of this size, else None.

        Args:
            height, width: of the video, in pixels.
            notice: called with a sentence when something looks odd.

        Raises:
            VideoError: as in `open`.
        """
        if self.boxes:
            mask = StillMask(box_hole(self.boxes, height, width), 1, "The box")
            (hole,) = EditedMask(mask, self.invert, self.dilate, notice=notice, name=mask.name)
            return hole
        if self.path is not None and self.path.is_file() and self.path.suffix.lower() in IMAGE_EXTENSIONS:
            mask = MaskReader(self.path, 1, height, width, self.invert, self.resize, notice=notice)
            (hole,) = EditedMask(mask, dilate=self.dilate, name=str(self.path))
            return hole
        return None

    def follow(
        self, frames: Iterable[np.ndarray], height: int, width: int, notice: Callable[[str], None] | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield frames of a stream of unknown length, each with its hole; looks `dilate_time` frames ahead.

        Args:
            frames: uint8 (height, width, 3).
            height, width: of the frames, in pixels.
            notice: called with a sentence when something looks odd.

        Raises:
            VideoError: as in `open`; and, on the way, a mask file that ends before the stream does.
        """
        still = self.still_hole(height, width)
        if still is not None:
            return zip(frames, itertools.repeat(still))
        if self.path is None:
            pairs = ((frame, key_hole(frame, self.key_color, self.key_tolerance)) for frame in frames)
            pairs = ((frame, edit_hole(hole, self.invert, self.dilate)) for frame, hole in pairs)
        else:
            mask = MaskReader(self.path, None, height, width, self.invert, self.resize, notice=notice)
            collections.deque(mask, maxlen=0)  # what is wrong with it comes up before the first frame
            pairs = ((frame, edit_hole(hole, False, self.dilate)) for frame, hole in self._beside(frames, mask, notice))
        return widen_in_time(pairs, self.dilate_time)

    def _beside(
        self, frames: Iterable[np.ndarray], mask: MaskReader, notice: Callable[[str], None] | None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        holes, hole, count = iter(mask), None, 0
        for frame in frames:
            count += 1
            following = next(holes, None)
            if following is None and not self.repeat:
                raise VideoError(
                    f"{self.path} must have as many frames as the stream; it has {len(mask)}, and the stream goes on. "
                    "Give one image for all, or let the last one be repeated with --repeat-mask."
                )
            hole = hole if following is None else following
            yield frame, hole
        if count < len(mask) and not self.repeat and notice is not None:
            notice(f"{self.path} has {len(mask)} frames, but the stream ended after {count}.")
