"""Compare a picture with its source, and list what its format could not keep."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from lgtsm.video.frame_folder import is_images, list_images
from lgtsm.video.pixel_formats import is_deep
from lgtsm.video.png_chunks import is_deep_color
from lgtsm.video.probe import VideoInfo


class _Form(NamedTuple):
    clear: bool = False
    bits: int = 8
    profile: bool = False


def picture_not_kept(source: Path, output: Path) -> list[str]:
    """Return one sentence for each of transparency, depth and color profile that was lost.

    Args:
        source: a picture, or a folder of them, of which the first counts.
        output: a picture, a folder, or a video, which has none of the three.
    """
    before = _form(source)
    after = _form(output) if is_images(output) else _Form()
    told = {
        f"The transparency of {source} was lost; a PNG, TIFF or WebP picture keeps it.": before.clear > after.clear,
        f"{source} has {before.bits} bits a color; {output} was rounded to 8. A PNG or TIFF picture keeps them.": (
            before.bits > after.bits
        ),
        f"The color profile of {source} was lost, so colors may look different.": before.profile > after.profile,
    }
    return [sentence for sentence, lost in told.items() if lost]


def frames_not_kept(source: VideoInfo) -> list[str]:
    """Return one sentence for each of transparency, depth and pixel shape that the frames of a video file lost.

    Args:
        source: the file that was written as pictures.
    """
    told = {
        f"The transparency of {source.path} was lost; a .mov or .webm video keeps it.": source.alpha,
        f"{source.path} has more than 8 bits a color ({source.pix_fmt}); its frames were rounded to 8. A video in "
        "H.265 (codec=libx265) or FFV1 (codec=ffv1) keeps them.": is_deep(source.pix_fmt),
        f"The pixels of {source.path} are {source.sample_aspect_ratio} as wide as high, which pictures do not tell. "
        "Write to .mp4 or .mov to keep that.": source.sample_aspect_ratio != 1,
    }
    return [sentence for sentence, lost in told.items() if lost]


def _form(path: Path) -> _Form:
    file = list_images(path, allow_gaps=True)[0] if path.is_dir() else path
    try:
        with file.open("rb") as raw:
            deep_png = is_deep_color(raw.read(26))
        with Image.open(file) as image:
            tiff: Any = image
            bits = tiff.tag_v2.get(258, (8,)) if image.format == "TIFF" else (8,)
            deep = deep_png or max(bits) > 8 or image.mode.startswith("I") or image.mode == "F"
            clear = "transparency" in image.info or image.mode in ("LA", "PA", "RGBA")
            clear = clear and np.asarray(image.convert("RGBA").getchannel("A")).min() < 255
            return _Form(bool(clear), max(16, *bits) if deep else 8, "icc_profile" in image.info)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return _Form()
