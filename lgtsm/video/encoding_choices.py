"""Choose encoder, pixel format and color tags for an output file."""

from __future__ import annotations

from pathlib import Path

from lgtsm.video.color import ColorTags
from lgtsm.video.encoding import Encoding
from lgtsm.video.errors import VideoError
from lgtsm.video.probe import VideoInfo
from lgtsm.video.siting import UNKNOWN

_CODEC_OF_SUFFIX = {".webm": "libvpx-vp9", ".ogv": "libtheora", ".gif": "gif"}
_LOSSLESS_OF_SUFFIX = {".mp4": "libx264rgb", ".mov": "libx264rgb", ".m4v": "libx264rgb", ".mkv": "ffv1", ".avi": "ffv1"}
# Encoders that store the color matrix; decoders assume BT.601 for all others.
_SITING_OF = {
    "mjpeg": "center",
    "mpeg1video": "center",
    "mpeg2video": "left",
    "mpeg4": "left",
}  # whatever the file says
_CARRY_TAGS = {"libx264", "libx265", "libvpx-vp9", "libaom-av1", "libsvtav1", "ffv1", "prores_ks"}


def choose_codec(target: Path, lossless: bool) -> str:
    """Return the encoder for a file name; lossless encoders store RGB."""
    suffix = target.suffix.lower()
    if not lossless:
        return _CODEC_OF_SUFFIX.get(suffix, "libx264")
    if suffix not in _LOSSLESS_OF_SUFFIX:
        raise VideoError(
            f"{target} cannot be lossless: {suffix} has no lossless RGB here. Use .mkv (FFV1), .mp4 (H.264 RGB), or a "
            "folder of PNG frames."
        )
    return _LOSSLESS_OF_SUFFIX[suffix]


def encoder_options(codec: str, encoding: Encoding, suffix: str) -> tuple[dict[str, str], float]:
    """Return FFmpeg's options and the target bits per pixel, 0 for constant quality."""
    crf, lossless, distance = str(encoding.crf), encoding.lossless, encoding.key_frame_distance
    options = {} if distance is None else {"g": str(distance)}
    if codec in ("libx264", "libx264rgb", "libx265"):
        options["crf"] = "0" if lossless else crf
        if codec == "libx264" and distance is not None:
            options["tune"] = "fastdecode"
        if codec == "libx265":
            options["x265-params"] = "log-level=error" + (":lossless=1" if lossless else "")
        if suffix == ".avi":
            options["bf"] = "0"  # AVI cannot store frames out of order
        return options, 0
    if codec in ("libvpx-vp9", "libaom-av1", "libsvtav1"):
        return options | {"crf": crf}, 0
    if codec == "mjpeg":
        return options | {"qmin": "1", "qmax": "3"}, 8
    if codec == "libvpx":
        return options | {"crf": crf}, 4  # VP8 treats the rate as an upper limit
    return options, 1


def choose_pix_fmt(
    formats: list[str], encoding: Encoding, like: VideoInfo | None, height: int, width: int, codec: str
) -> str:
    """Return the source's pixel format if the encoder has it, else one that fits the frame size."""
    if codec == "gif":
        return "pal8"
    wanted = encoding.pix_fmt
    if wanted is not None:
        if formats and wanted not in formats:
            raise VideoError(f"{codec} cannot write pixel format {wanted!r}. Choose from {', '.join(formats)}.")
        if not _fits(wanted, height, width):
            raise VideoError(f"{wanted} cannot hold odd sizes; the frames are {width}x{height}. Use yuv444p.")
        return wanted
    if encoding.lossless or codec == "libx264rgb":
        name = next((name for name in ("rgb24", "bgr0", "gbrp") if name in formats), None)
        if name is None:
            raise VideoError(f"{codec} cannot keep every bit of RGB. Use libx264rgb or ffv1, or leave the codec open.")
        return name
    full_range_only = {"mjpeg": {"yuv420p": "yuvj420p", "yuv444p": "yuvj444p"}}.get(codec, {})
    source = like.pix_fmt.replace("yuvj", "yuv") if like is not None else "yuv420p"
    for name in (source, "yuv420p", "yuv444p"):
        name = full_range_only.get(name, name)
        if (name in formats or not formats) and name.startswith(("yuv", "gray")) and _fits(name, height, width):
            return name
    raise VideoError(f"{codec} has no pixel format for {width}x{height} frames. Use libx264, or an even size.")


def _fits(pix_fmt: str, height: int, width: int) -> bool:
    """Return whether the chroma planes of a format have whole pixels at this size."""
    quarter, half = any(key in pix_fmt for key in ("410", "411")), any(key in pix_fmt for key in ("420", "440"))
    return not ((width % 2 and (half or "422" in pix_fmt)) or (height % 2 and half) or (quarter and width % 4))


def choose_siting(codec: str, pix_fmt: str, like: VideoInfo | None) -> tuple[str, bool]:
    """Return where an encoder puts chroma samples, and whether that moves those of the source."""
    if not any(key in pix_fmt for key in ("420", "422", "440", "nv12", "nv16")):
        return UNKNOWN, False
    is_rgb = like is None or not like.pix_fmt.startswith(("yuv", "nv", "p0")) or "444" in like.pix_fmt
    source = "left" if is_rgb else like.chroma_siting
    siting = _SITING_OF.get(codec, source or "left")
    return siting, siting != source and not (is_rgb or source == UNKNOWN)


def tags_of(like: VideoInfo | None, codec: str) -> ColorTags:
    """Return the color tags of the source; BT.709 in TV range if there is none, or if it is RGB."""
    if codec == "mjpeg":
        return ColorTags(5, 2, 2, 2)  # JPEG is always BT.601 in full range
    if codec not in _CARRY_TAGS:
        return ColorTags(5, 2, 2, 1)  # and untagged codecs (VP8) are read as BT.601 in TV range
    if like is None or like.color_space == "gbr":
        return ColorTags()
    full = like.pix_fmt.startswith("yuvj") or like.color_range == "pc"
    return ColorTags.of_names(
        like.color_space, like.color_primaries, like.color_transfer, "pc" if full else like.color_range
    )
