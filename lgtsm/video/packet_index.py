"""Read frame count, timestamps and key frames from the packets of a video file, without decoding."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np

from lgtsm.counted import counted
from lgtsm.video import pyav
from lgtsm.video.container_end import is_behind_the_end
from lgtsm.video.errors import VideoError
from lgtsm.video.picture_times import LONGEST, increasing, rate_of, unusable, usual_step
from lgtsm.video.shortfall import Found, shortfall

# One packet is one picture in these codecs, except for hidden VP8 packets (see `_is_hidden`).
_ONE_PICTURE_PER_PACKET = {
    "h264", "hevc", "vvc", "av1", "libdav1d", "vp8", "vp9", "mjpeg", "ffv1", "gif", "png", "prores", "dnxhd", "h263",
    "rawvideo", "huffyuv", "ffvhuff", "utvideo", "qtrle", "apng",
}  # fmt: skip
LARGEST = 2**31 - 1  # number in a rate of FFmpeg
_DECODE_TIMES = {"avi", "asf"}  # containers that do not store when a picture is shown
_REORDERED = {"h264", "hevc", "vvc"}  # of these, whose decoders show pictures in another order than they lie


@dataclass(frozen=True)
class PacketIndex:
    """The pictures of a file in display order.

    Attributes:
        pts: (frames,) int64, display times in units of `time_base` seconds; strictly increasing if `exact`.
        key_pts: (key frames,) int64, where decoding can start.
        time_base: seconds per unit.
        duration: seconds, from the first picture to the end of the last.
        fps: the rate if it is constant, else the mean rate.
        variable: whether a picture is more than one unit, and 50 us, off a constant rate.
        exact: whether `pts` identifies each picture, so that the file can be searched by time.
        faults: sentences about what is wrong with the file and does not keep it from being read: pictures missing at
            its end, times that run backwards.
        lead: units by which `pts` are later than the pictures are shown. Of containers that store when a picture is
            decoded, FFmpeg takes the next one's time, so that each of H.264 seems late against the sound.
        size: bytes of all packets.
    """

    pts: np.ndarray
    key_pts: np.ndarray
    time_base: Fraction
    duration: Fraction
    fps: Fraction
    variable: bool
    exact: bool
    faults: tuple[str, ...] = ()
    lead: int = 0
    size: int = 0

    @property
    def start(self) -> Fraction:
        """When the first picture is shown, in seconds."""
        return (int(self.pts[0]) - self.lead) * self.time_base

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
        shown: list[int | None] = []
        keys: list[int] = []
        last, in_order, last_corrupt, packets, size, lead = (0, 0), True, False, 0, 0, 0
        guesses_times = container.format.name in _DECODE_TIMES and stream.codec_context.name in _REORDERED
        try:
            for packet in container.demux(stream):
                if not packet.size:
                    continue
                if packet.is_corrupt and is_behind_the_end(path, container, packet, packets):
                    continue
                packets += 1
                size += packet.size
                if guesses_times and None not in (packet.pts, packet.dts) and packet.pts > packet.dts:
                    lead = min(lead or LARGEST, packet.pts - packet.dts)  # it is more before a gap, and 0 at the end
                last_corrupt = packet.is_corrupt
                in_order &= packet.pts is not None and (bool(keys) or packet.is_keyframe)
                if packet.is_keyframe and packet.pts is not None:
                    keys.append(packet.pts)
                if not packet.is_discard and not _is_hidden(stream, packet):
                    shown.append(packet.pts)
                    last = max(last, (packet.pts or 0, packet.duration or 0))
        except (pyav.load().FFmpegError, OSError) as error:
            raise _cut_off(path, len(shown), pyav.reason(error)) from error
        except IndexError as error:  # of PyAV, which knows the streams of the header alone
            raise _cut_off(path, len(shown), "a stream begins there that the header does not name") from error
        # Edit lists may drop frames that the header counts, so check whether indexed bytes are missing.
        if last_corrupt or (stream.frames > len(shown) and _ends_early(stream, path)):
            raise _cut_off(path, len(shown), f"the header says {stream.frames or 'more'}")
        counted = _tell_pictures(stream.codec_context.name, shown) and in_order
        if not counted:
            shown = _decoded_pts(path)
            in_order = _rises(shown) and in_order
        if not shown:
            raise VideoError(f"{path} must hold at least one picture; it holds none.")
        faults = []
        if (why := unusable(shown, time_base)) is not None:
            faults.append(f"{path} has picture times that {why}, so a constant rate was taken.")
            shown = [None] * len(shown)
        if None in shown:
            rate = guesses[0] if guesses else Fraction(25)
            pts, time_base, promised, last, in_order = np.arange(len(shown)), 1 / rate, 0, (0, 0), False
            lead = 0
        elif counted:
            pts = np.sort(np.asarray(shown, dtype=np.int64))
        else:
            pts, moved = increasing(shown, time_base)
            if moved:
                faults.append(
                    f"{path} has {moved} of {len(pts)} picture times that repeat or run backwards; they were moved on."
                )
        fps, variable = rate_of(pts, time_base, guesses)
        span, step = int(pts[-1] - pts[0]), 1 / fps / time_base
        last_length = Fraction(last[1]) if last[0] == pts[-1] and last[1] else step
        end = int(pts[-1]) + (last_length if last_length * time_base < LONGEST else step)
        found = Found(
            packets, len(pts), int(pts[0]) * time_base, end * time_base, usual_step(pts, time_base), not variable
        )
        if (said := shortfall(path, container, stream, found)) is not None:
            faults.append(said)
    duration = (promised if span < promised < LONGEST / time_base else end - int(pts[0])) * time_base
    if variable:
        fps = (len(pts) / duration).limit_denominator(LARGEST)
    key_pts = np.sort(np.asarray(keys, dtype=np.int64))
    return PacketIndex(pts, key_pts, time_base, duration, fps, variable, in_order, tuple(faults), lead, size)


def _tell_pictures(codec: str, pts: list[int | None]) -> bool:
    """Return whether the packets of a codec, with these times, are its pictures, shown in the order of time."""
    if codec in _REORDERED:
        return len(set(pts)) == len(pts)
    return codec in _ONE_PICTURE_PER_PACKET and _rises(pts)


def _rises(pts: list[int | None]) -> bool:
    """Return whether all times are there, each later than the one before."""
    return all(a is not None and b is not None and a < b for a, b in pairwise(pts)) and None not in pts


def _is_hidden(stream, packet) -> bool:
    """Return whether a VP8 packet holds a reference picture that is never shown (its show_frame bit is 0)."""
    return stream.codec_context.name == "vp8" and not bytes(packet)[0] & 0x10


def _ends_early(stream, path: Path) -> bool:
    size = path.stat().st_size
    return any(entry.pos + entry.size > size for entry in stream.index_entries)


def _cut_off(path: Path, count: int, why: str) -> VideoError:
    return VideoError(
        f"{path} must be a whole video; it ends after {counted(count, 'frame')} ({why}). Copy or download it again, "
        "or repair it with: ffmpeg -i IN OUT.mp4"
    )


def _decoded_pts(path: Path) -> list[int | None]:
    with pyav.open_input(path) as container:
        stream = pyav.video_stream(container)
        stream.thread_type = "AUTO"
        try:
            return [frame.pts for frame in container.decode(stream)]
        except pyav.load().FFmpegError as error:
            why = error.strerror
            if stream.codec_context.name == "webp":
                why += "; FFmpeg decodes no animated WebP"
            raise VideoError(f"{path} must be a video; its pictures cannot be decoded ({why}).") from error
