"""Find out by trying whether an encoder refuses the size or the rate of a video, and which ones it takes."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction

from lgtsm.video import pyav

_OTHER = "set codec=libx264 in .mp4 or .mkv."
_LARGEST = 8192
_RATES = [Fraction(rate) for rate in (24, 25, 30, 50, 60)]
_USUAL = [(128, 96), (176, 144), (352, 288), (640, 480), (720, 480), (720, 576), (1280, 720), (1920, 1080)]


def what_fits(container: str, stream, options: dict[str, str], rate: Fraction) -> str | None:
    """Return a sentence on the sizes or rates that an encoder takes, if those of a stream are what it refuses.

    Args:
        container: FFmpeg's name of the output's format.
        stream: the stream of an output that could not be opened.
        options: of its encoder.
        rate: frames per second.
    """

    def takes(width: int, height: int, fps: Fraction = rate) -> bool:
        return _opens(container, stream, options, width, height, fps)

    codec, width, height = stream.codec_context.name, stream.width, stream.height
    if takes(width, height):
        return None
    rates = [fps for fps in _RATES if fps != rate and takes(width, height, fps)]
    if rates:
        listed = ", ".join(str(fps) for fps in rates)
        return f"{codec} takes {listed} frames a second here; the video has {float(rate):g}. Write to .mp4 or .mkv."
    larger = _first(takes, [(width << k, height << k) for k in range(1, 13)])
    if larger is not None:
        least = f"{_edge(lambda n: takes(n, larger[1]), larger[0])}x{_edge(lambda n: takes(larger[0], n), larger[1])}"
        return f"{codec} takes frames of at least {least}; these are {width}x{height}. Scale them up, or {_OTHER}"
    smaller = _first(takes, [(width >> k & ~1, height >> k & ~1) for k in range(1, 10)])
    if smaller is not None:
        wide = _edge(lambda n: takes(n, smaller[1]), smaller[0], 1)
        high = _edge(lambda n: takes(smaller[0], n), smaller[1], 1)
        return (
            f"{codec} takes frames of at most {wide}x{high}; these are {width}x{height}. Scale them down, or {_OTHER}"
        )
    listed = ", ".join(f"{w}x{h}" for w, h in _USUAL if takes(w, h))
    if listed:
        return f"{codec} takes frames of {listed}; these are {width}x{height}. Scale them, or {_OTHER}"
    return None


def _first(takes: Callable[[int, int], bool], sizes: list[tuple[int, int]]) -> tuple[int, int] | None:
    """Return the first size that is taken; even ones are tried as well."""
    sizes = [(min(w + w % 2, 2 * _LARGEST), min(h + h % 2, 2 * _LARGEST)) for w, h in sizes if min(w, h) > 0]
    return next((size for size in dict.fromkeys(sizes) if max(size) <= _LARGEST and takes(*size)), None)


def _edge(takes: Callable[[int], bool], inside: int, direction: int = -1) -> int:
    """Return the smallest even length that is taken, or the largest for `direction` 1, from one that is."""
    outside = 0 if direction < 0 else 2 * _LARGEST
    while abs(inside - outside) > 2:
        middle = (inside + outside) // 4 * 2
        inside, outside = (middle, outside) if takes(middle) else (inside, middle)
    return inside


def _opens(container: str, stream, options: dict[str, str], width: int, height: int, rate: Fraction) -> bool:
    """Return whether a stream like another one can be written in a size and at a rate."""
    av = pyav.load()
    trial = av.open(io.BytesIO(), "w", format=container)
    try:
        copy = trial.add_stream(stream.codec_context.name, rate=rate)
        copy.width, copy.height, copy.pix_fmt = width, height, stream.pix_fmt
        copy.codec_context.time_base, copy.codec_context.options = 1 / rate, dict(options)
        trial.start_encoding()
        return True
    except (av.FFmpegError, ValueError):
        return False
    finally:
        with suppress(av.FFmpegError, ValueError):  # a file without pictures
            trial.close()
