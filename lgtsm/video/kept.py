"""Compare a result with its source: what was not kept of the media, in sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from lgtsm.video.probe import VideoInfo


def not_kept(
    before: VideoInfo, after: VideoInfo, same_colors: bool = True, copied: Sequence[str] = ("audio", "subtitle")
) -> list[str]:
    """Return a sentence for everything in which a result differs from its source; none if all is kept.

    Args:
        before, after: source and result, from `probe`; both files.
        same_colors: pixel format and color tags should be the same (lossless RGB changes them).
        copied: which of "audio" and "subtitle" should be there.
    """
    said = []
    for name, one, other in (
        ("frames", before.frames, after.frames),
        ("size", f"{before.width}x{before.height}", f"{after.width}x{after.height}"),
        ("pixel shape", before.sample_aspect_ratio, after.sample_aspect_ratio),
    ):
        if one != other:
            said.append(f"The {name} changed from {one} to {other}; {after.path} cannot hold it as it was.")
    late = _latest(before, after)
    if late > 1e-3 + float(max(before.time_base, after.time_base)) / 2:
        said.append(f"Frames are shown up to {late:.3f} s earlier or later, as the clock of {after.path} allows.")
    for kind, name, one, other in (
        ("audio", "Sound", before.audio_codecs, after.audio_codecs),
        ("subtitle", "Subtitles", before.subtitles, after.subtitles),
    ):
        if kind in copied and len(one) != len(other):
            said.append(
                f"{name} were not all kept ({len(one)} before, {len(other)} after): {after.path} cannot hold them."
            )
    if re.search(r"\d\d[lb]e$", before.pix_fmt):
        said.append(
            f"The source has more than 8 bits a color ({before.pix_fmt}); the frames went through 8 bits, so that "
            "finer steps are gone outside the hole too."
        )
    if not same_colors:
        return said
    if before.pix_fmt.replace("yuvj", "yuv") != after.pix_fmt.replace("yuvj", "yuv"):
        said.append(
            f"The pixel format changed from {before.pix_fmt} to {after.pix_fmt}, as {after.codec} in "
            f"{after.path.suffix} has it; another codec or ending may keep it."
        )
    for name in ("space", "range", "primaries", "transfer"):
        one, other = getattr(before, f"color_{name}"), getattr(after, f"color_{name}")
        if one not in (other, "unknown", "gbr"):
            said.append(f"The color {name} was {one}; of {after.codec} in {after.path.suffix} it is {other}.")
    return said


def _latest(before: VideoInfo, after: VideoInfo) -> float:
    """Return by how many seconds the frames' times differ at most, the first frame's aside."""
    if before.frames != after.frames:
        return 0.0
    shown = [(info.pts - info.pts[0]) * float(info.time_base) for info in (before, after)]
    return float(np.abs(shown[0] - shown[1]).max())
