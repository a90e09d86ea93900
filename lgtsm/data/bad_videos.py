"""Skip unusable videos: warn once about each, count them, and stop the run if there are too many."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from lgtsm.counted import counted
from lgtsm.video.errors import VideoError

NAMED = 3


class BadVideoWarning(UserWarning):
    """A video was skipped."""


class TooManyBadVideosError(VideoError):
    """Too many videos cannot be used; the message names some."""


class BadVideos:
    """The unusable videos of one source, as found so far in this process.

    Args:
        num_videos: number of videos in the source.
        max_share: stop if more than this share of them is unusable, in [0, 1].
    """

    def __init__(self, num_videos: int, max_share: float = 0.05):
        if not 0 <= max_share <= 1:
            raise ValueError(f"max_bad_share must be between 0 and 1; got {max_share!r}. It is a fraction.")
        self.num_videos, self.max_share = num_videos, max_share
        self.reasons: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self.reasons)

    def note(self, skipped: Iterable[str]) -> None:
        """Count the videos in the "skipped" entries of samples, lines from `describe`, and warn about new ones.

        Raises:
            TooManyBadVideosError: more than `max_share` of the videos is unusable.
        """
        for line in (line for text in skipped for line in text.splitlines()):
            name, reason = line.split("\t", 1)
            if name in self.reasons:
                continue
            self.reasons[name] = reason
            warnings.warn(f"The video {name} is skipped: {reason}", BadVideoWarning, stacklevel=2)
        if len(self.reasons) > self.max_share * self.num_videos:
            first = sorted(self.reasons.items())[:NAMED]
            listed = "; ".join(f"{name} ({reason})" for name, reason in first)
            if len(self.reasons) > NAMED:
                listed += f"; and {len(self.reasons) - NAMED} more."
            raise TooManyBadVideosError(
                f"{len(self.reasons)} of {counted(self.num_videos, 'video')} cannot be used, more than the "
                f"allowed share of {self.max_share:g} (max_bad_share): {listed} "
                f"Repair or remove them; `lgtsm check_data` finds all."
            )


def describe(name: str, error: Exception) -> str:
    """Return the line that a sample stores about a skipped video."""
    return f"{name}\t{' '.join(str(error).split())}"
