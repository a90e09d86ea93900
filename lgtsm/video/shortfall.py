"""Tell a file that was cut off: its container goes on after the end of the file, or promises more pictures or time."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from lgtsm.counted import counted
from lgtsm.video import pyav
from lgtsm.video.container_end import ends_early, ends_in_zeros

_TRUSTED = ("ivf", "mxf")  # containers whose count is right or missing


class Found(NamedTuple):
    """What was read of a video stream: packets, pictures, and times in seconds.

    packets: those with data. pictures: those shown. start: of the first picture. end: of the last. step: length of a
    usual picture, which is that of most. regular: whether it is that of all.
    """

    packets: int
    pictures: int
    start: Fraction
    end: Fraction
    step: Fraction | None
    regular: bool


def shortfall(path: Path, container, stream, found: Found) -> str | None:
    """Return a sentence about pictures that a file should hold and does not; None if nothing is known to be missing.

    Only the file's bytes prove that something is missing: headers are also wrong in whole files (edit lists, tags of
    the file that this one was cut from, a last picture of any length).

    Args:
        path: the file.
        container, stream: opened with PyAV, its packets read.
        found: what was read.
    """
    kind = container.format.name
    early = ends_early(path, kind, _samples_end(container) if kind.startswith("mov,") else 0)
    cut = early or ends_in_zeros(path)
    if (cut or kind in _TRUSTED) and (promised := _promised_pictures(stream, container)) > found.packets:
        return _sentence(path, f"{found.pictures} of {counted(promised, 'picture')}")
    end = _promised_end(path, container, stream, found, cut)
    if end is not None:
        seconds = f"({float(found.end):.2f} of {float(end):.2f} s)"
        if found.step is None:
            if cut and end > found.end:
                return _sentence(path, f"{counted(found.pictures, 'picture')} {seconds}")
        else:
            total = round((end - found.start) / found.step)
            if total > found.pictures if cut else found.regular and end - found.end > 2 * found.step:
                return _sentence(path, f"{found.pictures} of about {counted(total, 'picture')} {seconds}")
    if early:
        return _sentence(path, f"{counted(found.pictures, 'picture')}, and its end is missing")
    return None


def _samples_end(container) -> int:
    """Return where the last sample ends that the indices of a file list, in bytes."""
    return max((one.pos + one.size for stream in container.streams for one in stream.index_entries), default=0)


def _sentence(path: Path, holds: str) -> str:
    return f"{path} is cut off: it holds {holds}. Copy or download it again to get the rest."


def _promised_pictures(stream, container) -> int:
    """Return how many packets the header says the stream has; 0 if it says nothing."""
    if container.format.name == "mxf":
        return stream.duration or 0  # in pictures
    tag = next((value for key, value in stream.metadata.items() if key.startswith("NUMBER_OF_FRAMES")), "")
    return max(stream.frames, int(tag) if tag.isdecimal() else 0)


def _promised_end(path: Path, container, stream, found: Found, cut: bool) -> Fraction | None:
    """Return when the header says that the stream ends, in seconds; None if it says nothing."""
    if container.format.name == "matroska,webm":
        tag = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", stream.metadata.get("DURATION", ""))
        if tag:
            return int(tag[1]) * 3600 + int(tag[2]) * 60 + Fraction(tag[3])
    elif container.format.name != "flv":
        return None  # elsewhere FFmpeg computes it from the packets, or it comes with a count
    if container.duration is None or not cut:
        return None
    end = Fraction(container.duration, 10**6)
    # It is the end of the longest stream, often sound.
    return end if end > found.end and end > _last_end(path) else None


def _last_end(path: Path) -> Fraction:
    """Return the end of the last packet of any stream, in seconds."""
    with pyav.open_input(path) as container:
        ends = [Fraction(0)]
        try:
            for packet in container.demux():
                if packet.pts is not None:
                    ends.append((packet.pts + (packet.duration or 0)) * pyav.fraction(packet.time_base))
        except pyav.load().FFmpegError:
            pass  # what could be read counts
    return max(ends)
