"""Compare a result with its source, and list what changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from lgtsm.video.beside import is_one_codec
from lgtsm.video.contents import contents
from lgtsm.video.pixel_formats import is_deep
from lgtsm.video.probe import VideoInfo

_HDR = {"mastering display", "content light level"}
_WITH_PIXEL_SHAPE = ".mp4 and .mov keep it with any codec, H.264 and H.265 in every container that takes them."
_COPIED = {"sound": "audio", "subtitles": "subtitle", "attachment": "subtitle"}


def not_kept(
    before: VideoInfo, after: VideoInfo, same_colors: bool = True, copied: Sequence[str] = ("audio", "subtitle")
) -> list[str]:
    """Return one sentence per difference between a source and its result.

    Args:
        before, after: source and result, from `probe`; both files.
        same_colors: compare pixel format and color tags too (lossless RGB changes them).
        copied: the streams to compare, of "audio" and "subtitle".
    """
    said, lost_tags = [], []
    suffix, found = after.path.suffix, contents(after)
    same_colors &= after.codec != "gif"  # of which the writer tells how far its 256 colors are off
    for name, value in contents(before).items():
        if is_one_codec(value, found.get(name, "")) or not _matters(name, same_colors, copied):
            continue
        if name.startswith("tag "):
            lost_tags.append(name.removeprefix("tag "))
        elif name.startswith("flags of"):
            lost = [flag for flag in value.split(", ") if flag not in found.get(name, "").split(", ")]
            if lost and not (lost == ["default"] and _is_only_one(name, before)):
                said.append(f"The {name} were {value}; {suffix} does not keep: {', '.join(lost)}.")
        elif name == "pixel shape":
            said.append(
                f"The pixel shape changed from {value} to {found[name]}; {after.codec} in {suffix} does not keep it. "
                + _WITH_PIXEL_SHAPE
            )
        elif name in ("frames", "size"):
            said.append(f"The {name} changed from {value} to {found[name]}; {after.path} cannot keep it.")
        elif name == "pixel format":
            said.append(
                f"The pixel format changed from {value} to {found[name]} for {after.codec} in {suffix}; another codec "
                "or container may keep it."
            )
        elif name.startswith("color "):
            now = found.get(name, "unknown")
            if (name, value, now) == ("color range", "tv", "unknown"):
                continue  # the same: players take it for TV range
            said.append(f"The {name} changed from {value} to {now} for {after.codec} in {suffix}.")
        elif (name, value) == ("chroma siting", "left") and name not in found:
            continue  # the same: players take it for left
        elif name in found:
            said.append(f"The {name} changed from {value} to {found[name]} in {suffix}.")
        else:
            what = "" if value == "yes" else f" ({value})"
            sentence = f"Lost: {name}{what}; {after.codec} in {suffix} does not keep it."
            said.append(f"{sentence} {_elsewhere(name, suffix)}".rstrip())
    if lost_tags:
        said.append(f"Lost or changed: the tags {', '.join(lost_tags)}; {suffix} does not keep them as they were.")
    late = _latest(before, after)
    if late > 1e-3 + float(max(before.time_base or 0, after.time_base or 0)) / 2:
        said.append(f"Frame times are off by up to {late:.3f} s; the clock of {after.path} is too coarse.")
    if is_deep(before.pix_fmt):
        end = "what was filled has 8."
        if not same_colors:
            end = f"{after.pix_fmt} has 8. To keep them outside the hole, set codec=ffv1 without `lossless`."
        said.append(f"The source has more than 8 bits a color ({before.pix_fmt}); {end}")
    return said


def _elsewhere(name: str, suffix: str) -> str:
    if name == "alpha":
        return "Write to .mov or .webm to keep transparency."
    if name not in _HDR:
        return ""
    if suffix.lower() == ".webm":
        return "AV1 can hold it: set codec=libsvtav1."
    return "H.264, H.265 and AV1 can hold it: set codec=libx265."


def _matters(name: str, same_colors: bool, copied: Sequence[str]) -> bool:
    """Return whether a difference is news: not what was left out on purpose, nor what the writer tells."""
    if name in ("pixel format", "chroma siting") or name.startswith("color "):
        return same_colors
    kind = re.search(r"\b(sound|subtitles|attachment) \d+$", name)
    return kind is None or _COPIED[kind[1]] in copied


def _is_only_one(name: str, info: VideoInfo) -> bool:
    """Return whether "flags of the ..." are those of the only track of its kind, which players take anyway."""
    kind = re.sub(r"^flags of (the )?| \d+$", "", name).replace("video track", "other video")
    return sum(re.fullmatch(rf"{kind} \d+", other) is not None for other in contents(info)) <= (kind != "other video")


def _latest(before: VideoInfo, after: VideoInfo) -> float:
    """Return the largest difference of frame times in seconds, counted from the first frame."""
    if before.frames != after.frames:
        return 0.0
    videos: Any = before, after  # with times, as all but folders
    shown = [(info.pts - info.pts[0]) * float(info.time_base) for info in videos]
    return float(np.abs(shown[0] - shown[1]).max())
