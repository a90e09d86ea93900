"""Spans of a video, as people write them: 3s-8s, 00:01:03.5-, frames 120-240."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from fractions import Fraction

from lgtsm.video.errors import VideoError

FORMS = "like 3s-8s, 00:01:03.5-, -8s, or frames 120-240"
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{2}(?:\.\d+)?)")


@dataclasses.dataclass(frozen=True)
class Span:
    """A part of a video.

    start, end: seconds from the first frame; or, with `in_frames`, the first and the last frame, counted from 0. None
    is the start or the end of the video. text: as it was written.
    """

    start: Fraction | None
    end: Fraction | None
    in_frames: bool
    text: str

    def covers(self, number: int, shown: Fraction, until: Fraction) -> bool:
        """Tell whether a frame is in the span: by its number, or if it is on screen at a moment of it.

        Args:
            number: of the frame, from 0.
            shown, until: seconds when it comes and when it goes.
        """
        if self.in_frames:
            return (self.start is None or number >= self.start) and (self.end is None or number <= self.end)
        return (self.start is None or until > self.start) and (self.end is None or shown < self.end)


def parse_span(text: str) -> Span:
    """Parse a span: two times or two frame numbers with a dash between; one of them may be left out.

    Raises:
        VideoError: the text does not match, mixes times and frames, or ends before it starts.
    """
    sides = [side.strip() for side in text.split("-")]
    if len(sides) != 2 or sides == ["", ""]:
        raise VideoError(f"Write a part of the video as START-END, {FORMS}; got {text!r}.")
    values = [_parse_side(side, text) for side in sides]
    kinds = {in_frames for _, in_frames in values if in_frames is not None}
    if len(kinds) > 1:
        raise VideoError(f"Write both ends of a part as times or both as frames, {FORMS}; got {text!r}.")
    (start, _), (end, _) = values
    in_frames = kinds.pop()
    if start is not None and end is not None and (end < start if in_frames else end <= start):
        raise VideoError(f"A part of the video must end after its start; got {text!r}.")
    return Span(start, end, in_frames, text)


@dataclasses.dataclass(frozen=True)
class Moment:
    """A moment of a video: seconds from the first frame, or with `in_frames` a frame, counted from 0."""

    at: Fraction
    in_frames: bool
    text: str

    def frame(self, times: Sequence[Fraction]) -> int:
        """Return the number of the frame that is on screen then.

        Args:
            times: seconds when each frame comes, and when the last one goes.

        Raises:
            VideoError: the video ends before.
        """
        count = len(times) - 1
        number = int(self.at) if self.in_frames else sum(time <= self.at for time in times) - 1
        if number >= count:
            last = f"frame {count - 1}" if self.in_frames else f"{float(times[-1]):.2f} s"
            raise VideoError(f"The moment {self.text} must be in the video, which ends at {last}.")
        return number


def parse_moment(text: str) -> Moment:
    """Parse a moment: 3s, 00:01:03.5 or frame 120.

    Raises:
        VideoError: the text does not match.
    """
    try:
        at, in_frames = _parse_side(text.strip(), text)
    except VideoError:
        at, in_frames = None, None
    if at is None or in_frames is None:
        raise VideoError(f"Write a moment of the video like 3s, 00:01:03.5 or frame 120; got {text!r}.")
    return Moment(at, in_frames, text.strip())


def _parse_side(side: str, text: str) -> tuple[Fraction | None, bool | None]:
    """Return the value, and whether it is a frame; (None, None) for nothing."""
    if not side:
        return None, None
    if re.fullmatch(r"\d+", side):
        return Fraction(side), True
    if re.fullmatch(r"\d+(\.\d+)?s", side):
        return Fraction(side[:-1]), False
    if clock := _CLOCK.fullmatch(side):
        hours, minutes, seconds = clock.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + Fraction(seconds), False
    raise VideoError(f"Write a part of the video as START-END, {FORMS}; got {text!r}.")


def covered(spans: Sequence[Span], times: Sequence[Fraction]) -> list[bool]:
    """Return for each frame whether one of the spans covers it.

    Args:
        spans: one or more.
        times: seconds when each frame comes, and when the last one goes.

    Raises:
        VideoError: a span covers no frame.
    """
    count = len(times) - 1
    found = [[span.covers(n, times[n], times[n + 1]) for n in range(count)] for span in spans]
    for span, frames in zip(spans, found):
        if not any(frames):
            last = f"frame {count - 1}" if span.in_frames else f"{float(times[-1]):.2f} s"
            raise VideoError(f"The part {span.text} must hold a frame of the video, which ends at {last}.")
    return [any(frames) for frames in zip(*found)]
