"""Read video files with PyAV: stream at constant memory, seek if the timestamps allow it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from lgtsm.counted import counted
from lgtsm.video import pyav
from lgtsm.video.color import to_rgb
from lgtsm.video.decoding import decode
from lgtsm.video.errors import VideoError
from lgtsm.video.orientation import Orientation
from lgtsm.video.packet_index import PacketIndex, read_packet_index
from lgtsm.video.reader import Picture, VideoReader, check_indices

SEEKS = 3  # key frames to seek to, the nearest first: transport streams land behind the one that was asked for


class PyAVReader(VideoReader):
    """Read a video file with PyAV, in RGB by the matrix and range in its tags (BT.601 without tags).

    Args:
        path: any video file that FFmpeg reads.
        index: its packet index, if already read.

    Raises:
        VideoError: the file cannot be read, or is truncated.
    """

    def __init__(self, path: str | Path, index: PacketIndex | None = None):
        self.path = Path(path)
        if index is not None:
            self.index = index
        self._frames: Any = None  # the current position of random access
        self._next_pts = 0
        self._counted: Any = None  # the same where frames must be counted from the start
        self._next_number = 0
        self._shape: tuple[int, ...] | None = None
        self._shape = self.first_frame.shape
        self.height, self.width = self._shape[:2]

    @cached_property
    def first_frame(self) -> np.ndarray:
        """The first frame, (height, width, 3) uint8, decoded without threads that would look ahead."""
        first = next(self._decode(threads="SLICE"), None)
        if first is None:
            raise VideoError(f"{self.path} must hold at least one picture; none can be decoded.")
        return first[1]

    @cached_property
    def index(self) -> PacketIndex:
        """Timestamps, key frames and count; read from the packets on first use."""
        return read_packet_index(self.path)

    @property
    def fps(self) -> Fraction:  # type: ignore[override]  # asked for on first use
        """Frames per second; the mean if the rate varies."""
        return self.index.fps

    def __len__(self) -> int:
        return len(self.index)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (picture.image for picture in self.pictures())

    def pictures(self) -> Iterator[Picture]:
        """Yield every frame in order with the decoded `av.VideoFrame`."""
        count = 0
        for frame, image in self._decode():
            yield Picture(image, frame)
            count += 1
        if count != len(self):
            raise VideoError(
                f"{self.path} must give {counted(len(self), 'frame')}; {count} could be decoded. "
                "It is damaged: repair it with ffmpeg -i IN OUT.mp4"
            )

    def read(self, indices: Sequence[int]) -> np.ndarray:
        """Return frames, as `VideoReader.read`."""
        indices = check_indices(self.path, indices, len(self))
        out = np.empty((len(indices), self.height, self.width, 3), np.uint8)
        for wanted in sorted(set(indices)):
            out[[place for place, index in enumerate(indices) if index == wanted]] = self._read_one(wanted)
        return out

    def _read_one(self, wanted: int) -> np.ndarray:
        """Continue from the last call's position if no key frame is nearer, else from the last key frame before."""
        pts = self.index.pts
        position = int(np.searchsorted(pts, self._next_pts)) if self._frames is not None else None
        if self.index.exact:
            before = self.index.key_pts[self.index.key_pts <= pts[wanted]][::-1][:SEEKS].tolist() or [int(pts[0])]
            goes_on = position is not None and wanted >= position and self._next_pts >= before[0]
            for key in [None] if goes_on else before:
                if key is not None:
                    self._frames, self._next_pts = self._decode(seek_to=key), key
                for frame, picture in self._frames:
                    at = frame.pts
                    self._next_pts = at + 1
                    if at == pts[wanted]:
                        return picture
                    if at > pts[wanted]:
                        break
        # If timestamps are unusable or seeking failed, count: on from the last call's frame, else from the start.
        self._frames = None
        if self._counted is None or wanted < self._next_number:
            self._counted, self._next_number = self._decode(), 0
        for _, picture in self._counted:
            self._next_number += 1
            if self._next_number > wanted:
                return picture
        self._counted = None
        raise VideoError(
            f"{self.path} must give {counted(len(self), 'frame')}; frame {wanted} cannot be decoded. It is damaged."
        )

    def _decode(self, seek_to: int | None = None, threads: str = "AUTO") -> Iterator[tuple[Any, np.ndarray]]:
        """Yield (decoded frame, picture) from the start, or from the key frame shown at `seek_to`."""
        av = pyav.load()
        reformatter = av.video.reformatter.VideoReformatter()
        with pyav.open_input(self.path) as container:
            stream = pyav.video_stream(container)
            try:
                if seek_to is not None:
                    container.seek(seek_to, stream=stream)
                for frame in decode(container, stream, threads):
                    orientation = Orientation.of_frame(frame)
                    picture = orientation.apply(to_rgb(reformatter, frame).to_ndarray())
                    if self._shape not in (None, picture.shape):
                        raise VideoError(
                            f"{self.path} must keep its size of {self.width}x{self.height}; a frame is "
                            f"{picture.shape[1]}x{picture.shape[0]}. Scale it first: ffmpeg -i IN -vf scale=W:H OUT.mp4"
                        )
                    yield frame, picture
            except av.FFmpegError as error:
                raise VideoError(
                    f"{self.path} must be a whole video; a picture cannot be decoded ({error.strerror}). "
                    "Copy it again, or repair it with: ffmpeg -i IN OUT.mp4"
                ) from error

    def close(self) -> None:
        """Release the file."""
        for frames in (self._frames, self._counted):
            if frames is not None:
                frames.close()
        self._frames = self._counted = None
