"""Read frame count, timestamps and key frames from the packets of a video file, without decoding."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np

from lgtsm.video import pyav
from lgtsm.video.errors import VideoError

# One packet is one picture in these codecs, except for hidden VP8 packets (see `_is_hidden`).
_ONE_PICTURE_PER_PACKET = {
    "h264", "hevc", "vvc", "av1", "libdav1d", "vp8", "vp9", "mjpeg", "ffv1", "gif", "png", "prores", "dnxhd", "h263",
    "rawvideo", "huffyuv", "ffvhuff", "utvideo", "qtrle", "apng",
}  # fmt: skip


@dataclass(frozen=True)
class PacketIndex:
    """The pictures of a file in display order.

    Attributes:
        pts: (frames,) int64, display times in units of `time_base` seconds; strictly increasing if `exact`.
        key_pts: (key frames,) int64, where decoding can start.
        time_base: seconds per unit.
        duration: seconds, from the first picture to the end of the last.
        fps: the rate if it is constant, else the mean rate.
        variable: whether a picture is more than one unit off a constant rate.
        exact: whether `pts` identifies each picture, so that the file can be searched by time.
    """

    pts: np.ndarray
    key_pts: np.ndarray
    time_base: Fraction
    duration: Fraction
    fps: Fraction
    variable: bool
    exact: bool

    def __len__(self) -> int:
        return len(self.pts)


def read_packet_index(path: str | Path) -> PacketIndex:
    """Read the packets of a file's video stream; decode it only if packets are not one picture each.

    Raises:
        VideoError: the file is truncated, or has no video or no picture.
    """
    path = Path(path)
    with pyav.open_input(path) as container:
        stream = pyav.video_stream(container)
        time_base = pyav.fraction(stream.time_base) or Fraction(1, 90000)
        guesses = [rate for rate in map(pyav.fraction, (stream.average_rate, stream.guessed_rate)) if rate]
        promised = stream.duration or 0  # duration, in units of time_base
        shown, keys, last, in_order, last_corrupt = [], [], (0, 0), True, False
        try:
            for packet in container.demux(stream):
                if not packet.size:
                    continue
                last_corrupt = packet.is_corrupt
                in_order &= packet.pts is not None and (bool(keys) or packet.is_keyframe)
                if packet.is_keyframe and packet.pts is not None:
                    keys.append(packet.pts)
                if not packet.is_discard and not _is_hidden(stream, packet):
                    shown.append(packet.pts)
                    last = max(last, (packet.pts or 0, packet.duration or 0))
        except pyav.load().FFmpegError as error:
            raise _cut_off(path, len(shown), error.strerror) from error
        # Edit lists may drop frames that the header counts, so check whether indexed bytes are missing.
        if last_corrupt or (stream.frames > len(shown) and _ends_early(stream, path)):
            raise _cut_off(path, len(shown), f"the header says {stream.frames or 'more'}")
        counted = stream.codec_context.name in _ONE_PICTURE_PER_PACKET and in_order and len(set(shown)) == len(shown)
    if not counted:
        shown = _decoded_pts(path)
        in_order = None not in shown and all(a < b for a, b in pairwise(shown)) and in_order
    if not shown:
        raise VideoError(f"{path} must hold at least one picture; it holds none.")
    if None in shown:
        rate = guesses[0] if guesses else Fraction(25)
        shown, time_base, promised, last = range(len(shown)), 1 / rate, 0, (0, 0)
    pts = np.sort(np.asarray(shown, dtype=np.int64))
    fps, variable = _rate(pts, time_base, guesses)
    span = int(pts[-1] - pts[0])
    last_length = Fraction(last[1]) if last[0] == pts[-1] and last[1] else 1 / fps / time_base
    duration = (promised if promised > span else span + last_length) * time_base
    if variable:
        fps = len(pts) / duration
    return PacketIndex(pts, np.sort(np.asarray(keys, dtype=np.int64)), time_base, duration, fps, variable, in_order)


def _is_hidden(stream, packet) -> bool:
    """Return whether a VP8 packet holds a reference picture that is never shown (its show_frame bit is 0)."""
    return stream.codec_context.name == "vp8" and not bytes(packet)[0] & 0x10


def _ends_early(stream, path: Path) -> bool:
    size = path.stat().st_size
    return any(entry.pos + entry.size > size for entry in stream.index_entries)


def _cut_off(path: Path, count: int, why: str) -> VideoError:
    return VideoError(
        f"{path} must be a whole video; it ends after {count} frames ({why}). Copy or download it again, "
        "or repair it with: ffmpeg -i IN OUT.mp4"
    )


def _decoded_pts(path: Path) -> list[int | None]:
    with pyav.open_input(path) as container:
        stream = pyav.video_stream(container)
        stream.thread_type = "AUTO"
        try:
            return [frame.pts for frame in container.decode(stream)]
        except pyav.load().FFmpegError as error:
            raise VideoError(f"{path} must be a video; its pictures cannot be decoded ({error.strerror}).") from error


def _rate(pts: np.ndarray, time_base: Fraction, guesses: list[Fraction]) -> tuple[Fraction, bool]:
    """Return a constant rate that fits every timestamp within one unit and False, else the mean rate and True."""
    if len(pts) < 2 or pts[-1] == pts[0]:
        return (guesses[0] if guesses else Fraction(25)), False
    shown = pts - pts[0]
    steps = set(np.diff(pts).tolist())
    mean = Fraction(len(pts) - 1, int(shown[-1])) / time_base
    exact = [1 / (steps.pop() * time_base)] if len(steps) == 1 else []
    # If the container rounds times to milliseconds, only its header has the rate.
    for rate in [*exact, *map(_named_rate, guesses[::-1]), mean]:
        places = np.arange(len(pts)) * float(1 / (rate * time_base))
        if np.abs(places - shown).max() <= 1.0:
            return rate, False
    return mean, True


def _named_rate(rate: Fraction) -> Fraction:
    """Return the standard rate behind a rounded one: Matroska's nanoseconds turn 60000/1001 into 19001/317."""
    for whole in (Fraction(round(rate)), Fraction(round(rate * Fraction(1001, 1000)) * 1000, 1001)):
        if abs(rate / whole - 1 if whole else 1) < Fraction(1, 100_000):
            return whole
    return rate
