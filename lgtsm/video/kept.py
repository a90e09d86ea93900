"""Compare a result with its source, and list what changed."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from lgtsm.video.probe import VideoInfo


def not_kept(
    before: VideoInfo, after: VideoInfo, same_colors: bool = True, copied: Sequence[str] = ("audio", "subtitle")
) -> list[str]:
    """Return one sentence per difference between a source and its result.

    Args:
        before, after: source and result, from `probe`; both files.
        same_colors: compare pixel format and color tags too (lossless RGB changes them).
        copied: the streams to compare, of "audio" and "subtitle".
    """
    said = []
    for name, one, other in (
        ("frames", before.frames, after.frames),
        ("size", f"{before.width}x{before.height}", f"{after.width}x{after.height}"),
        ("pixel shape", before.sample_aspect_ratio, after.sample_aspect_ratio),
    ):
        if one != other:
            said.append(f"The {name} changed from {one} to {other}; {after.path} cannot keep it.")
    late = _latest(before, after)
    if late > 1e-3 + float(max(before.time_base, after.time_base)) / 2:
        said.append(f"Frame times are off by up to {late:.3f} s; the clock of {after.path} is too coarse.")
    for kind, name, one, other in (
        ("audio", "Sound", before.audio_codecs, after.audio_codecs),
        ("subtitle", "Subtitle", before.subtitles, after.subtitles),
    ):
        if kind in copied and len(one) != len(other):
            said.append(
                f"{name} streams were lost ({len(one)} before, {len(other)} after): {after.path} cannot hold them."
            )
    if re.search(r"\d\d[lb]e$", before.pix_fmt):
        said.append(
            f"The source has more than 8 bits a color ({before.pix_fmt}); all frames were rounded to 8 bits, outside "
            "the hole too."
        )
    if not same_colors:
        return said
    if before.pix_fmt.replace("yuvj", "yuv") != after.pix_fmt.replace("yuvj", "yuv"):
        said.append(
            f"The pixel format changed from {before.pix_fmt} to {after.pix_fmt} for {after.codec} in "
            f"{after.path.suffix}; another codec or container may keep it."
        )
    for name in ("space", "range", "primaries", "transfer"):
        one, other = getattr(before, f"color_{name}"), getattr(after, f"color_{name}")
        if one not in (other, "unknown", "gbr"):
            said.append(f"The color {name} changed from {one} to {other} for {after.codec} in {after.path.suffix}.")
    return said


def _latest(before: VideoInfo, after: VideoInfo) -> float:
    """Return the largest difference of frame times in seconds, counted from the first frame."""
    if before.frames != after.frames:
        return 0.0
    shown = [(info.pts - info.pts[0]) * float(info.time_base) for info in (before, after)]
    return float(np.abs(shown[0] - shown[1]).max())
