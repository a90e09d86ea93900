"""Account for videos that cannot be used: each named once, all counted, too many of them stop the run."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from lgtsm.video.errors import VideoError


class BadVideoWarning(UserWarning):
    """A video was skipped."""


class TooManyBadVideosError(VideoError):
    """More videos than allowed cannot be used; the sentence lists them."""


class BadVideos:
    """The videos of one source that could not be used so far, in this process.

    Args:
        num_videos: videos of the source.
        max_share: stop when more than this share of them turned out bad, in [0, 1].
    """

    def __init__(self, num_videos: int, max_share: float = 0.05):
        if not 0 <= max_share <= 1:
            raise ValueError(f"max_bad_share must be between 0 and 1; got {max_share!r}. It is a fraction.")
        self.num_videos = num_videos
        self.max_share = max_share
        self.reasons: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self.reasons)

    def note(self, skipped: Iterable[str]) -> None:
        """Take up what samples say was skipped to make them; warn of every video that is new.

        Args:
            skipped: the "skipped" of samples, lines of `describe`.

        Raises:
            TooManyBadVideosError: the share is exceeded.
        """
        for line in (line for text in skipped for line in text.splitlines()):
            name, reason = line.split("\t", 1)
            if name in self.reasons:
                continue
            self.reasons[name] = reason
            warnings.warn(f"The video {name} is skipped: {reason}", BadVideoWarning, stacklevel=2)
        if len(self.reasons) > self.max_share * self.num_videos:
            listed = "; ".join(f"{name} ({reason})" for name, reason in sorted(self.reasons.items()))
            raise TooManyBadVideosError(
                f"{len(self.reasons)} of {self.num_videos} videos cannot be used, more than the allowed share of "
                f"{self.max_share:g} (max_bad_share): {listed} Repair or remove them; `lgtsm check_data` finds all."
            )


def describe(name: str, error: Exception) -> str:
    """Return the line that a sample carries about a video that was skipped to make it."""
    return f"{name}\t{' '.join(str(error).split())}"
