"""Tell what a video file holds beside the pixels of its video: streams, tags, flags, chapters."""

from __future__ import annotations

from typing import Any

from lgtsm.video import pyav
from lgtsm.video.languages import one_code

# Tags that describe the file itself, not what it shows; nothing is lost with them.
_OF_THE_FILE = {
    "major_brand", "minor_version", "compatible_brands", "encoder", "software", "language", "title", "name", "filename",
    "mimetype", "handler_name", "vendor_id", "duration", "timecode", "alpha_mode", "bps", "number_of_frames",
    "number_of_bytes", "variant_bitrate", "source_id", "encoding_tool",
}  # fmt: skip

# What decoded frames carry beside their pixels, by PyAV's names.
_BESIDE_PIXELS = {
    "A53_CC": "closed captions in the pictures",
    "DOVI_METADATA": "Dolby Vision metadata",
    "DOVI_RPU_BUFFER": "Dolby Vision metadata",
    "DYNAMIC_HDR_PLUS": "HDR10+ metadata",
    "DYNAMIC_HDR_VIVID": "HDR Vivid metadata",
    "AMBIENT_VIEWING_ENVIRONMENT": "ambient viewing environment",
    "STEREO3D": "stereo 3D layout",
    "SPHERICAL": "spherical projection",
    "ICC_PROFILE": "ICC profile",
    "UNKNOWN_31": "Exif data",
}

# Codecs of one family, which containers and demuxers tell apart only by their packets.
_FAMILIES = ({"mp1", "mp2", "mp3"}, {"ac3", "eac3"})

_KINDS = {"audio": "sound", "subtitle": "subtitles"}
_SHOWN = ("default", "dub", "original", "comment", "lyrics", "karaoke", "forced", "hearing_impaired",
          "visual_impaired", "clean_effects", "captions", "descriptions")  # fmt: skip


def read_beside(container, stream, frame) -> tuple[tuple[str, str], ...]:
    """Return (name, words) of all that an open file holds beside the pixels of its video `stream`.

    Args:
        container: an open PyAV input container.
        stream: its video stream.
        frame: the first picture of `stream`, decoded.
    """
    found = _of_stream(stream, "the video track")
    if timecode := timecode_of(stream):
        found["timecode"] = timecode
    for data in frame.side_data:
        if data.type.name in _BESIDE_PIXELS:
            found[_BESIDE_PIXELS[data.type.name]] = "yes"
    counts: dict[str, int] = {}
    for other in container.streams:
        kind, words = _kind_of(other, stream)
        if kind is not None:
            counts[kind] = counts.get(kind, 0) + 1
            name = f"{kind} {counts[kind]}"
            found[name] = words
            if kind in _KINDS.values():
                found |= _of_stream(other, name)
    chapters = container.chapters()
    if chapters:
        found["chapters"] = ", ".join(
            f"{float(chapter['start'] * chapter['time_base']):.2f} s {chapter['metadata'].get('title', '')}".strip()
            for chapter in chapters
        )
    for key, value in container.metadata.items():
        if key.lower() not in _OF_THE_FILE - {"title"} and not key.startswith("_"):
            found[f"tag {key.lower()}"] = value
    return tuple(found.items())


def _kind_of(stream, video) -> tuple[str | None, str]:
    """Return the kind of a stream and what it holds in words; None as kind if it is listed otherwise."""
    if stream.type in _KINDS:
        return _KINDS[stream.type], codec_name(stream)
    if is_cover(stream) and stream.index != video.index:
        return "cover picture", f"{codec_name(stream)} {stream.width}x{stream.height}"
    if stream.type == "video" and stream.index != video.index:
        return "other video", codec_name(stream)
    if stream.type == "attachment":
        return "attachment", stream.name or "without a name"
    if is_data(stream):
        return "data", stream.name or stream.metadata.get("handler_name") or "unknown"
    return None, ""


def _of_stream(stream, name: str) -> dict[str, str]:
    """Return language, title and flags of a stream, where it has them."""
    tags = stream_tags(stream)
    kinds = pyav.load().stream.Disposition
    flags = [flag.replace("_", " ") for flag in _SHOWN if stream.disposition & kinds[flag]]
    language = tags.get("language")
    found = {f"language of {name}": language and one_code(language), f"title of {name}": tags.get("title")}
    found[f"flags of {name}"] = ", ".join(flags)
    return {key: value for key, value in found.items() if value}


def stream_tags(stream) -> dict[str, Any]:
    """Return language and title of a stream; MP4 calls a title "name", and an unknown language "und"."""
    tags = {key.lower(): value for key, value in stream.metadata.items()}
    found = {"language": tags.get("language"), "title": tags.get("title") or tags.get("name")}
    return {key: value for key, value in found.items() if value and value != "und"}


def timecode_of(stream) -> str | None:
    """Return the timecode of the first frame, "hours:minutes:seconds:frames", if the stream names one."""
    return next((value for key, value in stream.metadata.items() if key.lower() == "timecode"), None)


def is_cover(stream) -> bool:
    """Return whether a stream is a still picture such as the cover of a film."""
    return stream.type == "video" and bool(stream.disposition & pyav.load().stream.Disposition.attached_pic)


def is_data(stream) -> bool:
    """Return whether a stream holds data of its own; timecode and chapter tracks are written anew by the container."""
    is_hidden = int(stream.discard) >= int(pyav.load().stream.Discard.all)
    return stream.type == "data" and timecode_of(stream) is None and not is_hidden


def has_alpha(stream, frame) -> bool:
    """Return whether a video stream has transparency.

    WebM keeps it beside the pictures, and says so in a tag. A GIF has it only where a pixel of its first picture is
    transparent: most use it only to leave unchanged pixels out.
    """
    tags = {key.lower(): value for key, value in stream.metadata.items()}
    if tags.get("alpha_mode") == "1":
        return True
    if not any(component.is_alpha for component in frame.format.components) or frame.format.has_palette:
        return False
    if codec_name(stream) != "gif":
        return True
    return bool((frame.reformat(format="rgba").to_ndarray()[..., 3] < 255).any())


def codec_name(stream) -> str:
    """Return FFmpeg's name of a stream's codec, or "unknown"."""
    return stream.codec_context.codec.canonical_name if stream.codec_context is not None else "unknown"


def is_one_codec(one: str, other: str) -> bool:
    """Return whether two names of codecs mean the same, as far as files tell."""
    return one == other or any({one, other} <= family for family in _FAMILIES)
