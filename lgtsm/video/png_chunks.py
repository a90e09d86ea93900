"""Carry what a PNG file says about its picture (text, profile, density, ...) over to another PNG file."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# About the stored pixels, not the picture: palette, transparency, animation; eXIf is written by its own rules.
NOT_CARRIED = {b"tRNS", b"hIST", b"acTL", b"fcTL", b"fdAT", b"eXIf"}
OF_COLOR_TYPE = {b"sBIT", b"bKGD"}
OF_PROFILE = {b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"cICP"}


def is_deep_color(png: bytes) -> bool:
    """Return whether a PNG file has 16 bits and several channels; its first 26 bytes tell."""
    return png[:8] == SIGNATURE and len(png) >= 26 and png[24] == 16 and png[25] in (2, 4, 6)


def carry_over(source: bytes, target: bytes) -> bytes:
    """Return the PNG file `target` with the descriptive chunks of the PNG file `source`.

    Chunks that speak of the color model go along only if that stays the same.
    """
    same_type, same_model = source[25] == target[25], source[25] & 2 == target[25] & 2
    early: list[bytes] = []
    late: list[bytes] = []
    before_pixels = True
    for name, chunk in _chunks(source):
        if name == b"IDAT":
            before_pixels = False
        is_descriptive = name[0] & 32 and name not in NOT_CARRIED
        if is_descriptive and (same_type or name not in OF_COLOR_TYPE) and (same_model or name not in OF_PROFILE):
            (early if before_pixels else late).append(chunk)
    out = [SIGNATURE]
    for name, chunk in _chunks(target):
        if name == b"IEND":
            out += late
        out.append(chunk)
        if name == b"IHDR":
            out += early
    return b"".join(out)


def with_chunk(png: bytes, name: bytes, data: bytes) -> bytes:
    """Return a PNG file with one more chunk, right after its header."""
    end_of_header = 33
    chunk = struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return png[:end_of_header] + chunk + png[end_of_header:]


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at + 12 <= len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at : at + 12 + length]
        at += 12 + length
