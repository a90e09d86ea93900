"""List all that a video file holds, to compare a result with its source."""

from __future__ import annotations

from lgtsm.video.interlacing import PROGRESSIVE
from lgtsm.video.probe import VideoInfo
from lgtsm.video.siting import UNKNOWN


def contents(info: VideoInfo) -> dict[str, str]:
    """Return all that a file holds, by name, in words: pictures, colors, sound, subtitles, covers, tags.

    What is unknown or not there is left out.
    """
    colors = {name: getattr(info, f"color_{name}") for name in ("space", "range", "primaries", "transfer")}
    return {
        "frames": str(info.frames),
        "size": f"{info.width}x{info.height}",
        "pixel shape": str(info.sample_aspect_ratio),
        "pixel format": info.pix_fmt.replace("yuvj", "yuv"),
        **{f"color {name}": value for name, value in colors.items() if value not in ("unknown", "gbr")},
        **({} if info.chroma_siting in (None, UNKNOWN) else {"chroma siting": info.chroma_siting}),
        **({} if info.field_order == PROGRESSIVE else {"field order": info.field_order}),
        **({"alpha": "yes"} if info.alpha else {}),
        **info.hdr.described(),
        **dict(info.beside),
    }
