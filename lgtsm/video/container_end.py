"""Walk through a container's structure, to see whether it goes on after the end of the file."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

# At the top of MP4 and QuickTime; what has another name after a whole index or fragment is no box.
_BOXES = {b"ftyp", b"moov", b"moof", b"mdat", b"mfra", b"sidx", b"ssix", b"styp", b"emsg", b"prft", b"free", b"skip",
          b"wide", b"uuid", b"meta", b"udta", b"pnot", b"pdin"}  # fmt: skip
_UNKNOWN = 2**32 - 1  # what AVI writes for a size that is not known yet


def ends_early(path: Path, container_format: str, needed: int = 0) -> bool:
    """Return whether a container's structure goes on after the end of the file; False where it does not tell.

    What others hang on to a whole file, such as tags of a title, is no fault.

    Args:
        path: the file.
        container_format: FFmpeg's name, like "matroska,webm".
        needed: where the last sample ends that the index of an MP4 or QuickTime file lists, in bytes.
    """
    walk = _WALKS.get(container_format)
    if walk is None:
        return False
    if walk is _boxes:
        walk = partial(_boxes, needed=needed)
    with path.open("rb") as file:
        try:
            return walk(file, path.stat().st_size)
        except (struct.error, IndexError):  # the end comes within a header
            return True


def ends_in_zeros(path: Path, length: int = 512) -> bool:
    """Return whether a file ends in zeros, as a download does that reserved its place first."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - length))
        return size >= length and not any(file.read())


def is_behind_the_end(path: Path, container, packet, before: int) -> bool:
    """Return whether a packet that is cut off is none, but what others hung on to a whole file.

    Args:
        path: the file.
        container: opened with PyAV.
        packet: of its video.
        before: how many packets of the video came before it.
    """
    if container.format.name == "ivf":
        return 0 < packet.stream.frames <= before
    if container.format.name == "flv":
        with path.open("rb") as file:
            return 0 < _flv_size(file) <= packet.pos
    return False


def _unpack(layout: str, file: BinaryIO) -> tuple:
    return struct.unpack(layout, file.read(struct.calcsize(layout)))


def _skip(file: BinaryIO, length: int, size: int) -> bool:
    """Go on by `length` bytes; return whether that is within the file."""
    if file.tell() + length > size:
        return False
    file.seek(length, 1)
    return True


def _matroska(file: BinaryIO, size: int) -> bool:
    """Skip the header, and see whether the segment fits."""
    for _ in range(2):
        _ebml_number(file, keep_marker=True)
        length = _ebml_number(file)
        if length is None:  # unknown: it was streamed
            return False
        if not _skip(file, length, size):
            return True
    return False


def _ebml_number(file: BinaryIO, keep_marker: bool = False) -> int | None:
    """Read a number of 1 to 8 bytes, whose first 1 bit tells how many; None if all bits are 1."""
    first = file.read(1)[0]
    more = 8 - first.bit_length()
    rest = file.read(more)
    if len(rest) < more or more == 8:
        raise IndexError
    number = int.from_bytes(bytes([first]) + rest, "big")
    marker = 1 << 7 * (more + 1)
    if keep_marker:
        return number
    return None if number == 2 * marker - 1 else number - marker


def _boxes(file: BinaryIO, size: int, needed: int = 0) -> bool:
    """Walk the top boxes of MP4 and QuickTime; after a whole index, only the samples that it lists count."""
    kind, kinds = b"", set()
    while size - file.tell() >= 8:
        start = file.tell()
        length, kind = _unpack(">I4s", file)
        if length == 1:
            (length,) = _unpack(">Q", file)
        if length < 8:  # 0: to the end; others: no box, but padding
            return False
        if not _skip(file, start + length - file.tell(), size):
            is_fragment = b"moof" in kinds or kind == b"moof"
            return kind in _BOXES if is_fragment or b"moov" not in kinds else needed > size
        kinds.add(kind)
    if b"moov" in kinds and not kinds & {b"moof", b"mfra"}:
        return needed > size
    return kind == b"moof" or (b"mfra" not in kinds and any(file.read()))  # the head of a fragment, or of a box


def _riff(file: BinaryIO, size: int) -> bool:
    """Walk the RIFF chunks of AVI."""
    while size - file.tell() >= 8:
        kind, length = _unpack("<4sI", file)
        if kind != b"RIFF":
            return False
        if length in (0, _UNKNOWN):  # it was streamed
            return False
        if not _skip(file, length + length % 2, size + 1):
            return True
    return False


def _gif(file: BinaryIO, size: int) -> bool:
    """Walk the blocks of a GIF to its trailer."""
    (flags,) = _unpack("<10xB2x", file)
    _skip_colors(file, flags)
    while True:
        (kind,) = _unpack("<B", file)
        if kind == 0x3B:
            return False
        if kind == 0x21:  # an extension
            file.read(1)
        elif kind == 0x2C:  # a picture
            (flags,) = _unpack("<8xB", file)
            _skip_colors(file, flags)
            file.read(1)
        else:
            return False  # no block; some programs pad
        while length := file.read(1)[0]:
            file.seek(length, 1)


def _skip_colors(file: BinaryIO, flags: int) -> None:
    if flags & 0x80:
        file.seek(3 << (flags & 7) + 1, 1)


def _png(file: BinaryIO, size: int) -> bool:
    """Walk the chunks of an animated PNG."""
    file.seek(8)
    while True:
        length, kind = _unpack(">I4s", file)
        if kind == b"IEND":
            return False
        if not _skip(file, length + 4, size):
            return True


def _asf(file: BinaryIO, size: int) -> bool:
    """Compare with the size in the file properties, unless they belong to a broadcast."""
    head = file.read(2**16)
    at = head.find(bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365"))
    if at < 0:
        return False
    length, flags = struct.unpack_from("<40xQ40xI", head, at)
    return not flags & 1 and length > size


def _flv(file: BinaryIO, size: int) -> bool:
    """Compare with the size in the script tag."""
    return _flv_size(file) > size


def _flv_size(file: BinaryIO) -> float:
    """Return the size of the file that the script tag names; 0 if it names none."""
    found = re.search(rb"\x00\x08filesize\x00(.{8})", file.read(2**14), re.DOTALL)
    return struct.unpack(">d", found[1])[0] if found is not None else 0


def _ogg(file: BinaryIO, size: int) -> bool:
    """Look whether the last page is whole and ends a stream."""
    file.seek(max(0, size - 2**17))
    tail = file.read()
    at = tail.rfind(b"OggS\x00")
    if at < 0:
        return False
    flags, segments = struct.unpack_from("<5xB20xB", tail, at)
    lengths = tail[at + 27 : at + 27 + segments]
    return not flags & 4 or len(lengths) < segments or at + 27 + segments + sum(lengths) > len(tail)


_WALKS: dict[str, Callable[[BinaryIO, int], bool]] = {
    "matroska,webm": _matroska,
    "mov,mp4,m4a,3gp,3g2,mj2": _boxes,
    "avi": _riff,
    "gif": _gif,
    "apng": _png,
    "asf": _asf,
    "flv": _flv,
    "ogg": _ogg,
}
