"""Interlaced video: which field comes first, and encoders that keep it."""

from __future__ import annotations

from lgtsm.video import pyav
from lgtsm.video.errors import VideoError
from lgtsm.video.planes import values

PROGRESSIVE, TOP, BOTTOM = "progressive", "top field first", "bottom field first"
# FFmpeg's numbers of field orders (AVFieldOrder), and its names for encoders of x264 and for `setparams`.
_NUMBERS = {TOP: 2, BOTTOM: 3}
_SHORT = {PROGRESSIVE: "prog", TOP: "tff", BOTTOM: "bff"}
KEEP_FIELDS = frozenset(("libx264", "libx264rgb", "ffv1", "mpeg2video", "mpeg4", "prores_ks"))


def field_order(frame) -> str:
    """Return the field order of a decoded frame of PyAV; its picture is overwritten if it is interlaced.

    PyAV does not show which field comes first, so this splits a picture whose top field is bright.
    """
    if not frame.interlaced_frame:
        return PROGRESSIVE
    frame.make_writable()
    for plane in values(frame):
        plane[:] = 0
    values(frame)[0][::2] = 100
    split = pyav.FilterChain(frame.format.name, frame.width, frame.height, ("separatefields", ""))
    return TOP if values(split(frame))[0].mean() > 50 else BOTTOM


def field_options(codec: str, order: str, target) -> dict[str, str]:
    """Return the options of an encoder for interlaced video, if `order` is.

    Raises:
        VideoError: the codec cannot keep the fields.
    """
    if order == PROGRESSIVE:
        return {}
    if codec not in KEEP_FIELDS:
        raise VideoError(
            f"{target} must keep the source interlaced ({order}), which {codec} cannot. Write H.264 (codec=libx264) to "
            ".mp4, .mov or .mkv, or deinterlace first: ffmpeg -i IN -vf bwdif -c:a copy OUT.mp4"
        )
    options = {"flags": "+ilme+ildct"}
    if codec.startswith("libx264"):
        options["x264-params"] = f"{_SHORT[order]}=1"
    return options


def mark_fields(context, order: str) -> None:
    """Set the field order of an encoder for interlaced video, if `order` is."""
    if order != PROGRESSIVE:
        context.field_order = _NUMBERS[order]


def marking(order: str) -> str:
    """Return the argument of FFmpeg's `setparams` that marks frames with a field order."""
    return f"field_mode={_SHORT[order]}"
