"""Choose encoder, its options and color tags for an output file."""

from __future__ import annotations

from pathlib import Path

from lgtsm.video.color import ColorTags
from lgtsm.video.encoding import DEFAULT_CRF, Encoding
from lgtsm.video.errors import VideoError
from lgtsm.video.interlacing import PROGRESSIVE
from lgtsm.video.probe import VideoInfo
from lgtsm.video.siting import UNKNOWN
from lgtsm.video.source_codec import bits, deepest, encoder_of_source

# Where H.264 is not taken, or its times are lost: program streams and ASF keep one time of each picture, not two.
_CODEC_OF_SUFFIX = {
    ".webm": "libvpx-vp9", ".ivf": "libvpx-vp9", ".ogv": "libvpx", ".ogg": "libvpx", ".gif": "gif", ".apng": "apng",
    ".mpg": "mpeg2video", ".mpeg": "mpeg2video", ".vob": "mpeg2video", ".m2v": "mpeg2video", ".wmv": "wmv2",
    ".asf": "wmv2",
}  # fmt: skip
_IN_ORDER = {".avi", ".mxf", ".wmv", ".asf"}  # cannot store frames out of order, or lose their times
_DEEP_OF_SUFFIX = {".webm": "libsvtav1"}  # where the usual encoder has 8 bits
_LOSSLESS_OF_SUFFIX = {".mp4": "libx264rgb", ".mov": "libx264rgb", ".m4v": "libx264rgb", ".mkv": "ffv1", ".avi": "ffv1"}
_ALPHA_OF_SUFFIX = {".mov": "prores_ks", ".mkv": "libvpx-vp9", ".avi": "ffv1"}
_DNXHR = {"DNXHR LB": "dnxhr_lb", "DNXHR SQ": "dnxhr_sq", "DNXHR HQ": "dnxhr_hq"}
_PRORES = {"Proxy": "proxy", "LT": "lt", "Standard": "standard", "HQ": "hq", "4444": "4444", "XQ": "4444xq"}
# Encoders that store the color matrix; decoders assume BT.601 for all others.
_CARRY_TAGS = {"libx264", "libx265", "libvpx-vp9", "libaom-av1", "libsvtav1", "ffv1", "prores_ks", "prores",
               "prores_aw", "dnxhd", "mpeg2video", "utvideo"}  # fmt: skip
_TV_RANGE = ("prores", "mpeg2video", "utvideo")  # know no other
# Where the chroma samples of these lie, whatever the file says.
_SITING_OF = {"mjpeg": "center", "mpeg1video": "center", "mpeg2video": "left", "mpeg4": "left"}


def choose_codec(target: Path, encoding: Encoding, like: VideoInfo | None = None) -> str:
    """Return the encoder: the chosen one, else that of the source's codec, else by the file name.

    Lossless encoders store RGB. A source with alpha gets an encoder that keeps it, where the container has one that
    players know.
    """
    suffix = target.suffix.lower()
    keeps_alpha = like is not None and like.alpha and encoding.pix_fmt is None
    if encoding.codec is not None:
        return encoding.codec
    if not encoding.lossless:
        same = encoder_of_source(suffix, like) if like is not None and encoding.pix_fmt is None else None
        if same is not None:
            return same
        deep = _DEEP_OF_SUFFIX.get(suffix)
        if deep is not None and like is not None and not like.alpha and encoding.pix_fmt is None:
            usual = _CODEC_OF_SUFFIX[suffix]
            if deepest(usual) < bits(like.pix_fmt) <= deepest(deep) and like.field_order == PROGRESSIVE:
                return deep
        by_suffix = _ALPHA_OF_SUFFIX | _CODEC_OF_SUFFIX if keeps_alpha else _CODEC_OF_SUFFIX
        return by_suffix.get(suffix, "libx264")
    if suffix not in _LOSSLESS_OF_SUFFIX:
        raise VideoError(
            f"{target} cannot be lossless: {suffix} has no lossless RGB here. Use .mkv (FFV1), .mp4 (H.264 RGB), or a "
            "folder of PNG frames."
        )
    return "png" if suffix == ".mov" and keeps_alpha else _LOSSLESS_OF_SUFFIX[suffix]


def encoder_options(codec: str, encoding: Encoding, suffix: str) -> tuple[dict[str, str], float]:
    """Return FFmpeg's options and the target bits per pixel, 0 for constant quality."""
    quality = DEFAULT_CRF if encoding.crf is None else encoding.crf
    crf, lossless, distance = str(quality), encoding.lossless, encoding.key_frame_distance
    options = {} if distance is None else {"g": str(distance)}
    if codec in ("libx264", "libx264rgb", "libx265"):
        options["crf"] = "0" if lossless else crf
        if codec == "libx264" and distance is not None:
            options["tune"] = "fastdecode"
        if codec == "libx265":
            options["x265-params"] = "log-level=error" + (":lossless=1" if lossless else "")
        if suffix in _IN_ORDER:
            options["bf"] = "0"
        return options, 0
    if codec in ("libvpx-vp9", "libaom-av1", "libsvtav1"):
        return options | {"crf": crf}, 0
    if codec == "mjpeg":
        return options | {"qmin": "1", "qmax": "3"}, 8
    if codec in ("mpeg1video", "mpeg2video", "mpeg4", "wmv2"):
        return options | {"qmin": "1", "qmax": "4"}, 4  # what easy pictures do not need is not used
    if codec == "libvpx":
        return options | {"crf": str(max(4, quality))}, 4  # VP8 treats the rate as an upper limit
    return options, 1


def format_options(codec: str, pix_fmt: str, like: VideoInfo | None) -> dict[str, str]:
    """Return options that a pixel format needs.

    The profile of ProRes or DNxHR is that of the source if it holds the format, else one of high quality.
    """
    if codec == "libvpx" and pix_fmt.startswith("yuva"):
        return {"auto-alt-ref": "0"}  # VP8 has no alpha for hidden frames
    full_chroma = "444" in pix_fmt or pix_fmt.startswith("gbrp")
    if codec == "dnxhd":
        if full_chroma or "10" in pix_fmt:
            return {"profile": "dnxhr_444" if full_chroma else "dnxhr_hqx"}
        return {"profile": _DNXHR.get((like.profile if like is not None else None) or "", "dnxhr_hq")}
    if codec == "prores_ks":
        same = _PRORES.get(like.profile or "") if like is not None and like.codec == "prores" else None
        if same is None or same.startswith("4444") != full_chroma:
            same = "4444" if full_chroma else "hq"
        return {"profile": same}
    return {}


def merge_options(*parts: dict[str, str]) -> dict[str, str]:
    """Join FFmpeg's options; those of one name, such as x265-params, are joined by colons."""
    joined: dict[str, str] = {}
    for part in parts:
        for key, value in part.items():
            joined[key] = f"{joined[key]}:{value}" if key in joined else value
    return joined


def choose_siting(codec: str, pix_fmt: str, like: VideoInfo | None) -> tuple[str, bool]:
    """Return where an encoder puts chroma samples, and whether that moves those of the source."""
    if not any(key in pix_fmt for key in ("420", "422", "440", "nv12", "nv16")):
        return UNKNOWN, False
    is_rgb = True
    source: str | None = "left"
    if like is not None and like.pix_fmt.startswith(("yuv", "nv", "p0")) and "444" not in like.pix_fmt:
        is_rgb, source = False, like.chroma_siting
    siting = _SITING_OF.get(codec, source or "left")
    return siting, siting != source and not (is_rgb or source == UNKNOWN)


def tags_of(like: VideoInfo | None, codec: str, suffix: str = "") -> ColorTags:
    """Return the color tags of the source, or what the output can say of them.

    BT.709 in TV range if there is no source, or if it is RGB.
    """
    if codec == "mjpeg":
        return ColorTags(5, 2, 2, 2)  # JPEG is always BT.601 in full range
    if codec not in _CARRY_TAGS or (codec, suffix) == ("ffv1", ".avi"):
        return ColorTags(5, 2, 2, 1)  # and untagged codecs (VP8) are read as BT.601 in TV range
    if like is None or like.color_space == "gbr":
        return ColorTags()
    full = like.pix_fmt.startswith("yuvj") or like.color_range == "pc"
    range_ = "pc" if full and not codec.startswith(_TV_RANGE) else "tv" if full else like.color_range
    space = "bt709" if codec == "dnxhd" else like.color_space  # its decoder knows no other
    return ColorTags.of_names(space, like.color_primaries, like.color_transfer, range_)
