"""Read video files with decord: fast random access for training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lgtsm.optional import require
from lgtsm.video.errors import VideoError
from lgtsm.video.packet_index import PacketIndex, read_packet_index
from lgtsm.video.pyav_reader import PyAVReader
from lgtsm.video.reader import check_indices

BRIGHTNESS = np.array((0.299, 0.587, 0.114))  # of red, green, blue; how chroma is scaled does not matter to it


class DecordUnsuitable(VideoError):
    """The file is fine, but decord would not read it as everybody else does; PyAV can, by the `index` found so far."""

    index: PacketIndex | None = None


class Checked(NamedTuple):
    """What a reader found out about a file that decord reads well: small, and good for as long as the file stays."""

    index: PacketIndex
    height: int
    width: int


class DecordReader:
    """A video file as frames, by decord: the frames of `PyAVReader` with colors rounded less carefully (a level or two
    off, a level darker on average), and faster to jump in. Made for training; for filling a video read with PyAV.

    decord's `get_batch` never returns when asked for frames that a header promises and the file does not hold
    (dmlc/decord#373, #269), so a file is first counted by its packets, and decord has to agree.

    Args:
        path: any video file.
        checked: what an earlier reader of the same file found out, its `checked`, to leave out the checks.
        index: of its packets, if it has been read already.

    Raises:
        VideoError: the file cannot be read, or is cut off.
        DecordUnsuitable: decord cannot open it, counts other frames, or does not handle its size or mirroring.
        MissingPackageError: decord is not installed.
    """

    def __init__(self, path: str | Path, checked: Checked | None = None, index: PacketIndex | None = None):
        decord = require("decord", 'reading video with backend="decord"', "decord")
        decord.logging.set_level(decord.logging.QUIET)
        self.path, self.index = Path(path), index
        if checked is not None:
            self.index, self.height, self.width = checked
            try:
                self._reader = decord.VideoReader(str(self.path), ctx=decord.cpu(0), num_threads=1)
            except (decord.DECORDError, RuntimeError) as error:
                raise self._unsuitable(str(error).splitlines()[0]) from error
            return
        self.index = index or read_packet_index(self.path)
        if not self.index.exact or self.path.suffix.lower() == ".gif":
            raise self._unsuitable("its packets do not name each frame")
        try:
            self._reader = decord.VideoReader(str(self.path), ctx=decord.cpu(0), num_threads=1)
            if len(self._reader) != len(self.index):
                raise self._unsuitable(f"decord counts {len(self._reader)} frames, the file holds {len(self.index)}")
            # Some small widths (16, 24, 48, 72) fail here with a wrong buffer size.
            first = self._reader.get_batch([0]).asnumpy()
        except (decord.DECORDError, RuntimeError) as error:
            raise self._unsuitable(str(error).splitlines()[0]) from error
        # Mirrored phone videos come out turned instead; a look at the first frame catches whatever else differs.
        same = PyAVReader(self.path).first_frame
        if same.shape != first[0].shape or np.abs((same.astype(np.int16) - first[0]) @ BRIGHTNESS).mean() > 3:
            raise self._unsuitable("its first frame differs from the one that PyAV decodes")
        self.height, self.width = first.shape[1:3]

    @property
    def checked(self) -> Checked:
        """What opening the same file again need not find out again."""
        return Checked(self.index, self.height, self.width)

    @property
    def fps(self) -> Fraction:
        """Frames per second; the mean where it varies."""
        return self.index.fps

    def __len__(self) -> int:
        return len(self.index)

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield every frame in order, (height, width, 3) uint8."""
        for start in range(len(self)):
            yield self.read([start])[0]

    def read(self, indices: Sequence[int]) -> np.ndarray:
        """Return the frames at `indices` (any order, repeats allowed), (n, height, width, 3) uint8.

        Raises:
            VideoError: an index lies outside the video, or decord cannot decode that place.
        """
        indices = check_indices(self.path, indices, len(self))
        if not indices:
            return np.empty((0, self.height, self.width, 3), np.uint8)
        if self._reader is None:
            raise VideoError(f"{self.path} has been closed; open it again to read from it.")
        try:
            return self._reader.get_batch(indices).asnumpy()
        except Exception as error:  # decord raises its own class, RuntimeError or IndexError for the same cause
            raise VideoError(
                f"{self.path} must be a whole video; decord cannot read frames {min(indices)} to {max(indices)} "
                f'({str(error).splitlines()[0]}). Try backend="pyav", or repair it with: ffmpeg -i IN OUT.mp4'
            ) from error

    def _unsuitable(self, why: str) -> DecordUnsuitable:
        error = DecordUnsuitable(f'{self.path} cannot be read with decord: {why}. Use backend="pyav" for it.')
        error.index = self.index
        return error

    def close(self) -> None:
        """Let go of the file."""
        self._reader = None

    def __enter__(self) -> DecordReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
