"""Where the chroma samples of a video lie between its luma samples."""

from __future__ import annotations

import numpy as np

from lgtsm.video import pyav
from lgtsm.video.color import ACCURATE
from lgtsm.video.orientation import Orientation
from lgtsm.video.planes import values

# (x, y) of the first chroma sample in luma samples, by FFmpeg's names, in a format that halves both directions.
OFFSETS = {
    "left": (0.0, 0.5),
    "center": (0.5, 0.5),
    "topleft": (0.0, 0.0),
    "top": (0.5, 0.0),
    "bottomleft": (0.0, 1.0),
    "bottom": (0.5, 1.0),
}
UNKNOWN = "unspecified"
# Decoders of these codecs set the siting; for others "center" is only what swscale takes for unknown.
_NAME_CENTER = frozenset(("h264", "hevc", "vvc", "mjpeg", "mpeg1video"))


def chroma_siting(frame, codec: str) -> str:
    """Return the siting that swscale sees in a decoded frame of PyAV, whose picture is overwritten.

    PyAV does not show the siting of a frame, so this converts an edge between two colors to RGB and looks where it
    comes out.

    Args:
        frame: a decoded frame; of planar YUV, if it has a siting.
        codec: its codec, by FFmpeg's canonical name.

    Returns:
        one of `OFFSETS`, or "unspecified".
    """
    across, down = _subsampling(frame)
    name = frame.format.name
    if (across, down) not in ((2, 2), (2, 1), (1, 2)) or not name.startswith("yuv") or len(frame.planes) < 3:
        return UNKNOWN
    av = pyav.load()
    frame.make_writable()
    bits = frame.format.components[0].bits
    half, swing = 1 << (bits - 1), 1 << (bits - 3)
    luma, blue, red = values(frame)[:3]
    luma[:] = half
    column, row = min(4, blue.shape[1] // 2), min(4, blue.shape[0] // 2)
    blue[:], red[:] = half - swing, half - swing
    blue[:, column:], red[row:] = half + swing, half + swing
    try:
        rgb = av.video.reformatter.VideoReformatter().reformat(
            frame, format="rgb24", src_colorspace=1, interpolation=ACCURATE
        )
    except (av.FFmpegError, ValueError):
        return UNKNOWN
    rgb = rgb.to_ndarray().astype(np.float64)
    # A centered edge comes out at column * width / columns - 0.5; swscale stretches the planes of odd sizes a little.
    x = _edge(rgb[..., 2].mean(0)) + 1 - column * frame.width / blue.shape[1]
    y = _edge(rgb[..., 0].mean(1)) + 1 - row * frame.height / blue.shape[0]
    x, y = (x if across == 2 else 0.0), (y if down == 2 else 0.5)
    siting = min(OFFSETS, key=lambda one: abs(OFFSETS[one][0] - x) + abs(OFFSETS[one][1] - y))
    if down == 1:  # only the columns count
        siting = "left" if x < 0.25 else "center"
    return UNKNOWN if siting == "center" and codec not in _NAME_CENTER else siting


def _edge(profile: np.ndarray) -> float:
    """Return where a profile that rises from one level to another crosses the middle, in samples."""
    low, high = profile[0], profile[-1]
    return float(((high - profile) / (high - low)).sum() - 0.5)


def turned(siting: str, orientation: Orientation) -> str | None:
    """Return the siting after a frame was turned upright; None if no name fits."""
    if orientation == Orientation():
        return siting
    x, y = OFFSETS["left" if siting == UNKNOWN else siting]
    if orientation.transpose:
        x, y = y, x
    x, y = (1 - x if orientation.mirror_columns else x), (1 - y if orientation.mirror_rows else y)
    return next((name for name, place in OFFSETS.items() if place == (x, y)), None)


def _subsampling(frame) -> tuple[int, int]:
    """Return how many luma samples share a chroma sample, across and down."""
    parts = [part for part in frame.format.components if part.is_chroma]
    if not parts:
        return 1, 1
    return round(frame.width / parts[0].width), round(frame.height / parts[0].height)
