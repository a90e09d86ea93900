"""Write a video in the codec of its source, in the source's profile, where encoder and container allow it."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from lgtsm.video import pyav
from lgtsm.video.encoding import Encoding
from lgtsm.video.interlacing import KEEP_FIELDS, PROGRESSIVE
from lgtsm.video.probe import VideoInfo


class _Writer(NamedTuple):
    """An encoder of a codec, and the containers in which players expect that codec."""

    encoder: str
    suffixes: str


# By FFmpeg's name of the source's codec. Program streams and ASF are not here for H.264 and its heirs: they keep one
# time of each picture, not two.
_WRITERS = {
    "h264": _Writer("libx264", ".mp4 .m4v .mov .mkv .ts .m2ts .mts .flv .f4v .3gp .3g2 .avi .nut .mxf"),
    "hevc": _Writer("libx265", ".mp4 .m4v .mov .mkv .ts .m2ts .mts .nut"),
    "av1": _Writer("libsvtav1", ".mp4 .mkv .webm"),
    "vp9": _Writer("libvpx-vp9", ".webm .mkv .mp4 .ivf"),
    "vp8": _Writer("libvpx", ".webm .mkv .ogv .ogg"),
    "mpeg1video": _Writer("mpeg1video", ".mpg .mpeg"),
    "mpeg2video": _Writer("mpeg2video", ".mpg .mpeg .vob .m2v .ts .m2ts .mts .mkv .mxf"),
    "mpeg4": _Writer("mpeg4", ".avi .mp4 .m4v .mov .3gp .mkv"),
    "mjpeg": _Writer("mjpeg", ".avi .mov .mkv"),
    "prores": _Writer("prores_ks", ".mov .mkv .mxf"),
    "dnxhd": _Writer("dnxhd", ".mov .mkv .mxf"),
    "ffv1": _Writer("ffv1", ".mkv .avi .nut"),
    "huffyuv": _Writer("huffyuv", ".avi .mkv"),
    "ffvhuff": _Writer("ffvhuff", ".avi .mkv"),
    "utvideo": _Writer("utvideo", ".avi .mkv"),
    "png": _Writer("png", ".mov"),
    "qtrle": _Writer("qtrle", ".mov"),
}  # fmt: skip
_KEEP_ALPHA = {"libvpx-vp9", "libvpx", "prores_ks", "ffv1", "ffvhuff", "huffyuv", "utvideo", "png", "qtrle"}
_CONSTANT_RATE = {"mpeg1video", "mpeg2video", "mpeg4"}
_RATES = {Fraction(n) for n in (24, 25, 30, 50, 60)} | {Fraction(n * 1000, 1001) for n in (24, 30, 60)}  # of MPEG-1, -2
_MPEG4_CLOCK = 2**16  # ticks a second, less than that
_PROFILES = {"Constrained Baseline": "baseline", "Baseline": "baseline", "Main": "main"}  # of x264, in 8 bits of 4:2:0


def encoder_of_source(suffix: str, like: VideoInfo) -> str | None:
    """Return the encoder of the source's own codec; None if there is none for this container and this video."""
    writer = _WRITERS.get(like.codec)
    if writer is None or suffix not in writer.suffixes.split():
        return None
    encoder = writer.encoder
    if encoder == "libx264" and like.color_space == "gbr":
        return "libx264rgb"
    if deepest(encoder) < min(10, bits(like.pix_fmt)):  # decoders of ProRes give 12 bits, of which 10 are written
        return None
    if like.alpha and encoder not in _KEEP_ALPHA:
        return None
    if like.field_order != PROGRESSIVE and encoder not in KEEP_FIELDS:
        return None
    if encoder in _CONSTANT_RATE and like.variable_frame_rate:
        return None
    fits = {"mpeg1video": like.fps in _RATES, "mpeg2video": like.fps in _RATES,
            "mpeg4": like.fps.numerator < _MPEG4_CLOCK}  # fmt: skip
    return encoder if fits.get(encoder, True) else None


def bits(pix_fmt: str) -> int:
    """Return how many bits a color has in a pixel format, without those of a palette."""
    form = pyav.load().VideoFormat(pix_fmt)
    return 8 if form.has_palette else max(part.bits for part in form.components)


def deepest(encoder: str) -> int:
    """Return the most bits a color that an encoder of this FFmpeg takes; 0 if it has no such encoder."""
    av = pyav.load()
    try:
        known = av.codec.Codec(encoder, "w").video_formats
    except (av.FFmpegError, ValueError):
        return 0
    return 16 if known is None else max(bits(form.name) for form in known)


def is_same_codec(encoder: str, like: VideoInfo) -> bool:
    """Return whether an encoder writes the codec of the source."""
    writer = _WRITERS.get(like.codec)
    return writer is not None and encoder.removesuffix("rgb") == writer.encoder


def profile_options(encoder: str, pix_fmt: str, encoding: Encoding, like: VideoInfo | None) -> dict[str, str]:
    """Return the option that keeps a profile of H.264 for simple players; other profiles follow from the format."""
    if like is None or like.codec != "h264" or encoder != "libx264" or pix_fmt != "yuv420p":
        return {}
    profile = _PROFILES.get(like.profile or "")
    lossless = encoding.lossless or encoding.crf == 0  # which these profiles cannot be
    return {} if profile is None or lossless else {"profile": profile}
