"""Choose the pixel format of an output: the nearest to the source that the encoder has."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lgtsm.video import pyav
from lgtsm.video.encoding import Encoding
from lgtsm.video.errors import VideoError
from lgtsm.video.probe import VideoInfo

_LOSSLESS = ("rgb24", "bgr0", "gbrp")
_LOSSLESS_ALPHA = ("rgba", "bgra", "argb", "gbrap")
_DEEP_RGB = ("rgb48be", "rgba64be")
_EXACT = {"ffv1", "huffyuv", "ffvhuff", "utvideo", "png", "qtrle"}  # write RGB as it is stored
# Listed by the encoder, but refused when it opens.
_REFUSED = {
    "libx265": ("yuva420p", "yuva420p10le"),
    "libvpx-vp9": ("yuva422p", "yuva444p", "gbrap"),
    "mjpeg": ("yuv420p", "yuv422p", "yuv444p"),
}


def choose_pix_fmt(
    formats: Sequence[str], encoding: Encoding, like: VideoInfo | None, height: int, width: int, codec: str
) -> str:
    """Return the source's pixel format if the encoder has it, else the nearest one that fits the frame size.

    Nearest means: keep alpha, then bits, then chroma, and add as little as possible. RGB counts as 4:2:0, which every
    player shows, if the encoder has it.
    """
    if codec == "gif":
        return "pal8"
    formats = [name for name in formats if name not in _REFUSED.get(codec, ())]
    wanted, alpha = encoding.pix_fmt, like is not None and like.alpha
    if wanted is not None:
        if formats and wanted not in formats:
            raise VideoError(f"{codec} cannot write pixel format {wanted!r}. Choose from {', '.join(formats)}.")
        if not _fits(wanted, height, width):
            raise VideoError(f"{wanted} cannot hold odd sizes; the frames are {width}x{height}. Use yuv444p.")
        return wanted
    if encoding.lossless or codec == "libx264rgb":
        names = (*_LOSSLESS_ALPHA, *_LOSSLESS) if alpha else _LOSSLESS
        name = next((name for name in names if name in formats), None)
        if name is None:
            raise VideoError(f"{codec} cannot keep every bit of RGB. Use libx264rgb or ffv1, or leave the codec open.")
        return name
    if like is not None and codec in _EXACT and like.pix_fmt in formats and _Traits(like.pix_fmt).is_rgb:
        return like.pix_fmt
    usable = [name for name in formats or ("yuv420p", "yuv444p") if _is_usable(name, codec)]
    if not any(name.startswith("yuv") for name in usable):  # png, qtrle and such store RGB
        usable += [name for name in formats if name in (*_LOSSLESS, *_LOSSLESS_ALPHA, *_DEEP_RGB)]
    fitting = [name for name in usable if _fits(name, height, width)]
    if not fitting:
        listed = ", ".join(usable) or "none that is known here"
        raise VideoError(
            f"{codec} cannot hold frames of {width}x{height} in any of its pixel formats ({listed}). Use an even size, "
            "or another codec, such as libx264."
        )
    source = _Traits(like.pix_fmt) if like is not None else _Traits("yuv420p")
    has_420 = any(_Traits(name).chroma == (2, 2) for name in usable)
    return min(fitting, key=lambda name: source.distance(_Traits(name), alpha, has_420))


def is_deep(pix_fmt: str) -> bool:
    """Return whether a pixel format has more than 8 bits a color."""
    return re.search(r"\d\d[lb]e$", pix_fmt) is not None


class _Traits:
    """What a pixel format can hold: bits, chroma as (columns, rows) of luma samples per chroma sample, alpha."""

    def __init__(self, name: str):
        self.name = name.replace("yuvj", "yuv")
        form = pyav.load().VideoFormat(name, 16, 16)
        self.alpha = any(component.is_alpha for component in form.components) and not form.has_palette
        self.bits = 8 if form.has_palette else max(c.bits for c in form.components if not c.is_alpha)
        self.is_rgb, self.is_gray = form.is_rgb or form.has_palette, name.startswith(("gray", "ya", "mono"))
        self.chroma = (16 // form.chroma_width(16), 16 // form.chroma_height(16))

    def distance(self, other: _Traits, alpha: bool, has_420: bool) -> tuple:
        """Return how far `other` is from this source's format; losses count before needless extras."""
        chroma = (2, 2) if self.is_rgb and has_420 else self.chroma
        lost_chroma = sum(max(0, theirs / ours - 1) for ours, theirs in zip(chroma, other.chroma, strict=True))
        spare_chroma = sum(max(0, ours / theirs - 1) for ours, theirs in zip(chroma, other.chroma, strict=True))
        if other.is_gray and not self.is_gray:
            lost_chroma = 9
        if self.is_gray:
            lost_chroma, spare_chroma = 0, 0 if other.is_gray else 1 / (other.chroma[0] * other.chroma[1])
        return (
            alpha and not other.alpha,
            max(0, self.bits - other.bits),
            lost_chroma,
            other.alpha and not alpha,
            max(0, other.bits - self.bits),
            spare_chroma,
            other.name != self.name,
        )


def _is_usable(name: str, codec: str) -> bool:
    """Return whether frames can be written in a format here: planar YUV or gray in whole numbers."""
    if codec == "mjpeg":
        return name.startswith("yuvj")  # JPEG is always in full range
    known = name.startswith(("yuv", "gray")) and not name.startswith("yuvj")
    return known and not name.endswith(("be", "f16le", "f32le", "msble"))


def _fits(pix_fmt: str, height: int, width: int) -> bool:
    """Return whether the chroma planes of a format have whole pixels at this size."""
    quarter, half = any(key in pix_fmt for key in ("410", "411")), any(key in pix_fmt for key in ("420", "440"))
    return not ((width % 2 and (half or "422" in pix_fmt)) or (height % 2 and half) or (quarter and width % 4))
