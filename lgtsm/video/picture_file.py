"""Write a changed picture in the form of its source: mode, depth, transparency, orientation and metadata."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import ExifTags, Image, JpegImagePlugin

from lgtsm.video.alpha import continue_alpha
from lgtsm.video.frame_folder import read_image
from lgtsm.video.jpeg_planes import stored_planes
from lgtsm.video.png_chunks import carry_over, is_deep_color, with_chunk

QUALITY = 95
KINDS = {
    ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".tif": "TIFF", ".tiff": "TIFF", ".webp": "WEBP", ".bmp": "BMP",
}  # fmt: skip
_MODES = {
    "PNG": ("1", "L", "LA", "RGB", "RGBA", "I;16"),
    "JPEG": ("L", "RGB", "CMYK"),
    "TIFF": ("1", "L", "LA", "RGB", "RGBA", "CMYK", "I;16"),
    "WEBP": ("RGB", "RGBA"),
    "BMP": ("1", "L", "RGB"),
}
_ORIENTATION = ExifTags.Base.Orientation.value
_TURN_BACK = {6: 8, 8: 6}  # the other orientations undo themselves
# Tags of TIFF about how pixels are stored; Pillow writes its own, and turns pictures upright.
_STORAGE_TAGS = {
    *(254, 255, 256, 257, 258, 259, 262, 263, 266, 273, 274, 277, 278, 279, 284, 288, 289, 292, 293, 297, 301, 317),
    *(320, 322, 323, 324, 325, 330, 332, 338, 339, 340, 341, 347, 512, 513, 514, 529, 530, 531, 532, 34675),
}  # fmt: skip


def write_picture(
    target: Path,
    image: np.ndarray,
    source: Path | None = None,
    changed: np.ndarray | None = None,
    lossless: bool = False,
) -> None:
    """Write a picture; what its source has beyond 8 bits of RGB goes along where the target's format can hold it.

    Known pixels keep their stored values: up to 16 bits, gray, CMYK, transparency. A JPEG keeps the quality and the
    subsampling of a JPEG source, so that most known blocks come out as they were up to quality 90, and the others a few
    levels off; of another source it has quality 95. The transparency of changed pixels continues that around them.
    Thumbnails are left out: they show what was removed. The orientation stays a tag if the format stays, else the
    picture is turned upright. A palette becomes RGB.

    Args:
        target: the file, of one of the endings in `KINDS`.
        image: uint8 (height, width, 3), RGB, upright.
        source: the file that it was read from.
        changed: bool (height, width), where it differs from the source; None takes all of it.
        lossless: keep every bit, in formats that could do otherwise.
    """
    kind = KINDS[target.suffix.lower()]
    target.write_bytes(_as_source(kind, image, source, changed, lossless) or _plain(kind, image, lossless))


def _plain(kind: str, image: np.ndarray, lossless: bool) -> bytes:
    return _encode(Image.fromarray(image), kind, _ways(kind, None, b"", lossless))


def _as_source(kind: str, image: np.ndarray, source: Path | None, changed: np.ndarray | None, lossless: bool) -> bytes:
    """Return the file in the form of its source; empty if that has none, or one that only the reader understands."""
    if source is None:
        return b""
    data = source.read_bytes()
    try:
        with Image.open(io.BytesIO(data)) as original:
            return _like(
                original,
                data,
                source,
                kind,
                image,
                np.ones(image.shape[:2], bool) if changed is None else changed,
                lossless,
            )
    except (OSError, SyntaxError, ValueError, TypeError, Image.DecompressionBombError, cv2.error):
        return b""


def _like(original: Any, data: bytes, source: Path, kind: str, image: Any, changed: Any, lossless: bool) -> bytes:
    same_kind = kind == {"MPO": "JPEG"}.get(original.format, original.format)
    exif = Image.Exif() if original.format == "PNG" and b"eXIf" not in data else original.getexif()
    orientation = _orientation(original, source, exif)
    image, changed = (_turned(one, _TURN_BACK.get(orientation, orientation)) for one in (image, changed))
    picture: Any = None
    if _is_deep(original, data) and kind in ("PNG", "TIFF"):
        picture = _deep(data, image, changed)
    elif same_kind and kind == "JPEG":
        picture = _blocks(original, data, image, changed)
    if picture is None:
        picture = _mixed(original, image, changed, _MODES[kind])
    if orientation != 1 and not same_kind:
        picture, exif[_ORIENTATION] = _turned(picture, orientation), 1
    ways, exif_bytes = _ways(kind, original, data, lossless), _exif_bytes(exif, original.format)
    if kind == "PNG" and same_kind:
        encoded = carry_over(data, _encode(picture, kind, ways))
    else:
        ways |= _metadata(original, picture, kind)
        if exif_bytes and kind not in ("PNG", "BMP") and "tiffinfo" not in ways:
            ways["exif"] = exif_bytes
        encoded = _encode(picture, kind, ways)
    if kind == "PNG" and exif_bytes:
        encoded = with_chunk(encoded, b"eXIf", exif_bytes.removeprefix(b"Exif\0\0"))
    return encoded


def _is_deep(original: Any, data: bytes) -> bool:
    """Return whether a picture has several channels of 16 bits, of which Pillow keeps 8."""
    bits = original.tag_v2.get(258, (8,)) if original.format == "TIFF" else (8,)
    return is_deep_color(data) or (len(bits) > 1 and set(bits) == {16})


def _deep(data: bytes, image: np.ndarray, changed: np.ndarray) -> np.ndarray:
    """Return uint16 (height, width, 3 or 4), RGB and alpha, as stored."""
    stored: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    stored = cv2.cvtColor(stored, cv2.COLOR_BGRA2RGBA if stored.shape[2] == 4 else cv2.COLOR_BGR2RGB)
    stored[changed, :3] = image[changed].astype(np.uint16) * 257
    if stored.shape[2] == 4:
        stored[..., 3] = continue_alpha(stored[..., 3], changed)
    return stored


def _blocks(original: Image.Image, data: bytes, image: np.ndarray, changed: np.ndarray) -> Image.Image | None:
    """Return the picture with the stored planes of a JPEG where it is known; None if it has others."""
    planes = stored_planes(data, *changed.shape)
    if planes is None or original.mode != "RGB":
        return None
    fresh = np.asarray(Image.fromarray(image).convert("YCbCr"))
    return Image.fromarray(np.where(changed[..., None], fresh, planes), "YCbCr")


def _mixed(original: Image.Image, image: np.ndarray, changed: np.ndarray, modes: tuple[str, ...]) -> Image.Image:
    """Return the original with the changed pixels of `image`, in its own mode or the nearest of `modes`."""
    mode = "I;16" if original.mode.startswith("I;16") else original.mode
    clear = "transparency" in original.info or mode in ("LA", "PA", "RGBA", "La", "RGBa")
    if mode not in modes or "transparency" in original.info:
        gray = mode in ("1", "L", "LA", "La", "I;16", "I", "F") and "L" in modes
        mode = "RGBA" if clear and "RGBA" in modes else "L" if gray else "RGB"
        if mode != "RGBA":
            return Image.fromarray(image).convert(mode)
    if mode == "RGB" and original.mode == "RGB":
        return Image.fromarray(image)  # its known pixels are the stored ones
    if mode == "I;16":
        stored = np.array(original).astype(np.uint16)
        stored[changed] = np.asarray(Image.fromarray(image).convert("L"))[changed].astype(np.uint16) * 257
        return Image.fromarray(stored)
    fresh = Image.fromarray(image)
    fresh = Image.merge("LA", (fresh.convert("L"), Image.new("L", fresh.size, 255))) if mode == "LA" else fresh
    fresh = fresh.convert("L").point(lambda level: 255 * (level > 127), "1") if mode == "1" else fresh.convert(mode)
    known = original.convert(mode)
    mixed = Image.composite(fresh, known, Image.fromarray(changed))
    if mode in ("LA", "RGBA"):
        mixed.putalpha(Image.fromarray(continue_alpha(np.asarray(known.getchannel("A")), changed)))
    return mixed


def _ways(kind: str, original: Any, data: bytes, lossless: bool) -> dict[str, Any]:
    """Return how to encode, for Pillow's `save`."""
    if kind == "WEBP":
        is_lossy = original is not None and original.format == "WEBP" and b"VP8L" not in data[:64]
        return {"quality": QUALITY} if is_lossy and not lossless else {"lossless": True, "exact": True}
    if kind == "PNG":
        return {"compress_level": 3}
    if kind == "TIFF":
        held = original.info.get("compression", "raw") if original is not None else "tiff_adobe_deflate"
        return {"compression": held if held in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits") else "tiff_lzw"}
    if kind != "JPEG":
        return {}
    if original is None or original.format not in ("JPEG", "MPO"):
        return {"quality": QUALITY, "subsampling": 0}
    # The same tables on the same blocks give known blocks back, where finer ones would store their rounding.
    options = {"qtables": original.quantization, "progressive": bool(original.info.get("progressive"))}
    sampling = JpegImagePlugin.get_sampling(original)
    return options | ({"subsampling": sampling} if sampling >= 0 else {})


def _metadata(original: Any, picture: Image.Image | np.ndarray, kind: str) -> dict[str, Any]:
    """Return what goes into the file beside pixels, for Pillow's `save`."""
    info, options = original.info, {}
    model = getattr(picture, "mode", "RGB")
    profile = info.get("icc_profile")
    models = {b"GRAY": ("1", "L", "LA", "I;16"), b"RGB ": ("RGB", "RGBA", "YCbCr"), b"CMYK": ("CMYK",)}
    if profile and model in models.get(profile[16:20], ()) and kind != "BMP":
        options["icc_profile"] = profile
    if info.get("dpi"):
        options["dpi"] = tuple(float(one) for one in info["dpi"])
    if info.get("xmp") and kind in ("JPEG", "WEBP"):
        options["xmp"] = info["xmp"]
    if kind == "JPEG" and info.get("comment"):
        options["comment"] = info["comment"]
    if kind == "TIFF" and original.format == "TIFF":
        options["tiffinfo"] = {tag: value for tag, value in original.tag_v2.items() if tag not in _STORAGE_TAGS}
    return options


def _exif_bytes(exif: Image.Exif, source_format: str | None) -> bytes:
    """Return the EXIF block, without thumbnail; empty if there is nothing in it."""
    if source_format == "TIFF":
        for tag in set(exif) & _STORAGE_TAGS:
            del exif[tag]
    if not len(exif):
        return b""
    try:
        return exif.tobytes()
    except (TypeError, ValueError, KeyError, OverflowError):  # tags that break the standard
        return b""


def _encode(picture: Image.Image | np.ndarray, kind: str, options: dict[str, Any]) -> bytes:
    is_plain = set(options) == {"compress_level"} and getattr(picture, "mode", "") in ("RGB", "RGBA")
    if isinstance(picture, np.ndarray) or is_plain:  # OpenCV writes PNG twice as fast
        picture = np.asarray(picture)
        channels = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
        flags = [cv2.IMWRITE_PNG_COMPRESSION, 3]
        if kind == "TIFF":
            x, y = (round(one) for one in options.get("dpi", (0, 0)))
            flags = [cv2.IMWRITE_TIFF_XDPI, x, cv2.IMWRITE_TIFF_YDPI, y, cv2.IMWRITE_TIFF_RESUNIT, 2] if x and y else []
        return cv2.imencode(f".{kind.lower()}", cv2.cvtColor(picture, channels), flags)[1].tobytes()
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def _orientation(original: Image.Image, source: Path, exif: Image.Exif) -> int:
    """Return the EXIF orientation if the reader of frames follows it, else 1."""
    orientation = exif.get(_ORIENTATION, 1)
    if original.format == "TIFF" or orientation not in range(2, 9):
        return 1
    upright, stored = read_image(source).astype(int), np.asarray(original.convert("RGB")).astype(int)
    if upright.shape != stored.shape:
        return orientation
    return orientation if abs(upright - _turned(stored, orientation)).sum() < abs(upright - stored).sum() else 1


def _turned(picture: np.ndarray | Image.Image, orientation: int) -> np.ndarray | Image.Image:
    """Turn a stored picture upright as its EXIF orientation says."""
    if isinstance(picture, Image.Image):
        way = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}.get(orientation)
        return picture if way is None else picture.transpose(Image.Transpose(way))
    if orientation in (5, 6, 7, 8):
        picture = picture.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    return np.ascontiguousarray(picture)
