"""Read video files with decord: fast random access for training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lgtsm.counted import counted
from lgtsm.optional import require
from lgtsm.video.errors import VideoError
from lgtsm.video.packet_index import PacketIndex, read_packet_index
from lgtsm.video.pyav_reader import PyAVReader
from lgtsm.video.reader import VideoReader, check_indices

BRIGHTNESS = np.array((0.299, 0.587, 0.114))  # of red, green, blue; ignores how chroma is upsampled


class DecordUnsuitable(VideoError):
    """The file is fine, but decord misreads it; PyAV can read it, with the `index` found so far."""

    index: PacketIndex | None = None


class Checked(NamedTuple):
    """What a reader learned about a file that decord reads well; valid until the file changes."""

    index: PacketIndex  # type: ignore[assignment]  # instead of tuple.index
    height: int
    width: int


class DecordReader(VideoReader):
    """Read a video file with decord, for training: faster random access than `PyAVReader`, but less exact colors.

    Colors are a level or two off, and a level darker on average. To fill a video, read it with PyAV.
    decord's `get_batch` never returns when asked for frames that a header promises and the file does not hold
    (dmlc/decord#373, #269), so we count the packets first, and decord has to agree.

    Args:
        path: any video file.
        checked: `checked` of an earlier reader of the same file; skips the checks.
        index: its packet index, if already read.

    Raises:
        VideoError: the file cannot be read, or is truncated.
        DecordUnsuitable: decord cannot open it, counts other frames, or mishandles its size or mirroring.
        MissingPackageError: decord is not installed.
    """

    def __init__(self, path: str | Path, checked: Checked | None = None, index: PacketIndex | None = None):
        decord = require("decord", 'reading video with backend="decord"', "decord")
        decord.logging.set_level(decord.logging.QUIET)
        self.path = Path(path)
        self.index = checked.index if checked is not None else index or read_packet_index(self.path)
        if not self.index.exact or self.path.suffix.lower() == ".gif":
            raise self._unsuitable("its packets do not name each frame")
        try:
            # decord's FFmpeg takes colons in relative names for protocols.
            self._reader = decord.VideoReader(str(self.path.absolute()), ctx=decord.cpu(0), num_threads=1)
            if checked is not None:
                self.height, self.width = checked.height, checked.width
                return
            if len(self._reader) != len(self.index):
                raise self._unsuitable(
                    f"decord counts {counted(len(self._reader), 'frame')}, the file holds {len(self.index)}"
                )
            # Some small widths (16, 24, 48, 72) fail here with a wrong buffer size.
            first = self._reader.get_batch([0]).asnumpy()
        except (decord.DECORDError, RuntimeError) as error:
            raise self._unsuitable(str(error).splitlines()[0]) from error
        # decord rotates mirrored phone videos; comparing the first frame catches this and any other difference.
        same = PyAVReader(self.path).first_frame
        if same.shape != first[0].shape or np.abs((same.astype(np.int16) - first[0]) @ BRIGHTNESS).mean() > 3:
            raise self._unsuitable("its first frame differs from the one that PyAV decodes")
        self.height, self.width = first.shape[1:3]

    @property
    def checked(self) -> Checked:
        """Pass this to the next reader of the same file to skip the checks."""
        return Checked(self.index, self.height, self.width)

    @property
    def fps(self) -> Fraction:  # type: ignore[override]  # asked for on first use
        """Frames per second; the mean if the rate varies."""
        return self.index.fps

    def __len__(self) -> int:
        return len(self.index)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self.read([number])[0] for number in range(len(self)))

    def read(self, indices: Sequence[int]) -> np.ndarray:
        """Return frames, as `VideoReader.read`."""
        indices = check_indices(self.path, indices, len(self))
        if not indices:
            return np.empty((0, self.height, self.width, 3), np.uint8)
        if self._reader is None:
            raise VideoError(f"{self.path} is closed; open it again to read from it.")
        try:
            return self._reader.get_batch(indices).asnumpy()
        except Exception as error:  # DECORDError, RuntimeError or IndexError, for the same cause
            raise VideoError(
                f"{self.path} must be a whole video; decord cannot read frames {min(indices)} to {max(indices)} "
                f'({str(error).splitlines()[0]}). Try backend="pyav", or repair it with: ffmpeg -i IN OUT.mp4'
            ) from error

    def _unsuitable(self, why: str) -> DecordUnsuitable:
        error = DecordUnsuitable(f'{self.path} cannot be read with decord: {why}. Use backend="pyav" for it.')
        error.index = self.index
        return error

    def close(self) -> None:
        """Release the file."""
        self._reader = None
