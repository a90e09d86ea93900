"""What a video file holds, found by reading its packets without decoding them: exact count, timestamps, key frames."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np

from lgtsm.video import pyav
from lgtsm.video.errors import VideoError

# One packet is one picture in these codecs. VP8 has hidden packets too, which say so in their first byte.
_ONE_PICTURE_PER_PACKET = {
    "h264", "hevc", "vvc", "av1", "libdav1d", "vp8", "vp9", "mjpeg", "ffv1", "gif", "png", "prores", "dnxhd", "h263",
    "rawvideo", "huffyuv", "ffvhuff", "utvideo", "qtrle", "apng",
}  # fmt: skip


@dataclass(frozen=True)
class PacketIndex:
    """The pictures of a file in the order of showing.

    Attributes:
        pts: (frames,) int64, when each picture is shown, in units of `time_base` seconds; rises strictly if `exact`.
        key_pts: (key frames,) int64, where decoding can start.
        time_base: seconds per unit.
        duration: seconds, from the first picture to the end of the last.
        fps: the rate if it is constant, else the mean rate.
        variable: whether some picture is shown more than one unit away from its place at a constant rate.
        exact: whether `pts` names each picture, so that one can be sought.
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
    """Read the packets of a file's video stream; those that hide pictures are decoded to count them.

    Raises:
        VideoError: no video, no picture in it, or the file is cut off.
    """
    path = Path(path)
    with pyav.open_input(path) as container:
        stream = pyav.video_stream(container)
        time_base = pyav.fraction(stream.time_base) or Fraction(1, 90000)
        guesses = [rate for rate in map(pyav.fraction, (stream.average_rate, stream.guessed_rate)) if rate]
        promised = stream.duration or 0  # how long it is, in units of time_base
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
        # `frames` is what the header promises; edit lists may drop some, so ask where the promised bytes lie.
        if last_corrupt or (stream.frames > len(shown) and _ends_early(stream, path)):
            raise _cut_off(path, len(shown), f"{stream.frames or 'more'} are promised")
        counted = stream.codec_context.name in _ONE_PICTURE_PER_PACKET and in_order and len(set(shown)) == len(shown)
    if not counted:
        shown = _decoded_pts(path)
        in_order = None not in shown and all(a < b for a, b in pairwise(shown)) and in_order
    if not shown:
        raise VideoError(f"{path} must hold at least one picture; it holds none. Give a video with frames.")
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
    """Whether a VP8 packet holds a picture that is only there to predict from (its show_frame bit is 0)."""
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
    """Return the rate that explains every timestamp within one unit, or else the mean rate and True."""
    if len(pts) < 2 or pts[-1] == pts[0]:
        return (guesses[0] if guesses else Fraction(25)), False
    shown = pts - pts[0]
    steps = set(np.diff(pts).tolist())
    mean = Fraction(len(pts) - 1, int(shown[-1])) / time_base
    exact = [1 / (steps.pop() * time_base)] if len(steps) == 1 else []
    # Containers that round times to milliseconds need the rate their header states.
    for rate in [*exact, *map(_named_rate, guesses[::-1]), mean]:
        places = np.arange(len(pts)) * float(1 / (rate * time_base))
        if np.abs(places - shown).max() <= 1.0:
            return rate, False
    return mean, True


def _named_rate(rate: Fraction) -> Fraction:
    """Return 60000/1001 for the 19001/317 that Matroska's nanoseconds make of it; likewise for its kin."""
    for whole in (Fraction(round(rate)), Fraction(round(rate * Fraction(1001, 1000)) * 1000, 1001)):
        if abs(rate / whole - 1 if whole else 1) < Fraction(1, 100_000):
            return whole
    return rate
