"""Names and numbers of color tags, and conversion between RGB and YUV by the tagged matrix."""

from __future__ import annotations

from dataclasses import dataclass

# H.273 code points and ffprobe's names for them. 2 is "unknown" in all of them.
MATRICES = {0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco", 9: "bt2020nc",
            10: "bt2020c"}  # fmt: skip
PRIMARIES = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020",
             11: "smpte431", 12: "smpte432"}  # fmt: skip
TRANSFERS = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "linear", 11: "iec61966-2-4",
             13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084", 18: "arib-std-b67"}  # fmt: skip
RANGES = {1: "tv", 2: "pc"}

# swscale's number for each tagged matrix. Untagged video is read and written as BT.601, like FFmpeg does, so that
# the values in the file do not change.
_SWSCALE = {1: 1, 2: 5, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}

# swscale's BICUBIC | ACCURATE_RND | FULL_CHR_H_INT | FULL_CHR_H_INP, as numbers because PyAV names them only from
# version 18 on. With swscale's defaults, reading and writing a video darkens it by one level, and moves its chroma.
ACCURATE = 0x4 | 0x40000 | 0x2000 | 0x4000

_DEEP = {f"{kind}{chroma}p": f"yuv{chroma}p12le" for kind in ("yuv", "yuvj") for chroma in (420, 422, 444)}


@dataclass(frozen=True)
class ColorTags:
    """The color tags of a file: H.273 code points, 2 if unknown (range: 1 tv, 2 pc, 0 unknown)."""

    matrix: int = 1
    primaries: int = 1
    transfer: int = 1
    range: int = 1

    @classmethod
    def of_names(cls, matrix: str, primaries: str, transfer: str, range: str) -> ColorTags:
        """Build the tags from ffprobe's names; a matrix that swscale cannot write becomes BT.709."""
        number = _number(MATRICES, matrix, 2)
        return cls(
            number if number in _SWSCALE else 1,
            _number(PRIMARIES, primaries, 2),
            _number(TRANSFERS, transfer, 2),
            _number(RANGES, range, 0),
        )

    @property
    def swscale_matrix(self) -> int:
        """swscale's number of the matrix, which is BT.601 if the file has no tag."""
        return _SWSCALE.get(self.matrix, 5)

    def to_yuv(self, reformatter, frame, pix_fmt: str):
        """Convert an RGB frame of PyAV to `pix_fmt` by this matrix and range, and tag the result."""
        full = self.range == 2 or pix_fmt.startswith("gray")
        matrix, flags = self.swscale_matrix, ACCURATE
        how = {"dst_colorspace": matrix, "dst_color_range": 2 if full else 1, "interpolation": flags}
        if self.range == 2 and pix_fmt in _DEEP:
            # swscale truncates 8-bit full range: gray turns greenish by 2 levels. In 12 bits the error vanishes.
            frame = reformatter.reformat(frame, format=_DEEP[pix_fmt], src_color_range=2, **how)
            frame = reformatter.reformat(frame, format=pix_fmt, src_colorspace=matrix, src_color_range=2, **how)
        else:
            frame = reformatter.reformat(frame, format=pix_fmt, src_color_range=2, **how)
        frame.colorspace, frame.color_range = self.matrix, 2 if full else self.range
        frame.color_primaries, frame.color_trc = self.primaries, self.transfer
        return frame

    def tag(self, context) -> None:
        """Set the tags on an encoder before it opens."""
        context.colorspace, context.color_range = self.matrix, self.range
        context.color_primaries, context.color_trc = self.primaries, self.transfer


def to_rgb(reformatter, frame):
    """Convert a decoded frame of PyAV to rgb24 by its own matrix and range."""
    return reformatter.reformat(frame, format="rgb24", interpolation=ACCURATE)


def _number(names: dict[int, str], name: str, unknown: int) -> int:
    return next((number for number, known in names.items() if known == name), unknown)
