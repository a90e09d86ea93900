"""Read and join the parameter sets of H.264, as MP4 and Matroska store them (ISO/IEC 14496-15, "avcC")."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

SLICE_OF_IDR, SEQUENCE, PICTURE = 5, 7, 8  # kinds of NAL units
_MOST_IDS = 32  # of sequence parameter sets
_MOST_SEQUENCES, _MOST_PICTURES = 31, 255  # that avcC can hold


@dataclass(frozen=True)
class ParameterSets:
    """What avcC holds.

    profile, compatibility, level: of the whole stream, as in a sequence parameter set.
    length_size: bytes of the length in front of each NAL unit of a packet.
    sequences, pictures: the parameter sets. rest: what follows them, of high profiles.
    """

    profile: int
    compatibility: int
    level: int
    length_size: int
    sequences: tuple[bytes, ...]
    pictures: tuple[bytes, ...]
    rest: bytes = b""

    @classmethod
    def parse(cls, data: bytes | None) -> ParameterSets | None:
        """Return what avcC says; None if `data` is none, or damaged."""
        if data is None or len(data) < 7 or data[0] != 1:
            return None
        at, found = 5, []
        for mask in (31, 255):
            if at >= len(data):
                return None
            count, at, units = data[at] & mask, at + 1, []
            for _ in range(count):
                size = int.from_bytes(data[at : at + 2], "big")
                units.append(data[at + 2 : at + 2 + size])
                at += 2 + size
                if not size or at > len(data):
                    return None
            found.append(tuple(units))
        if not found[0] or not found[1]:
            return None
        return cls(data[1], data[2], data[3], (data[4] & 3) + 1, found[0], found[1], data[at:])

    def pack(self) -> bytes:
        """Return avcC."""
        head = bytes([1, self.profile, self.compatibility, self.level, 0xFC | (self.length_size - 1)])
        parts = [head, bytes([0xE0 | len(self.sequences)])]
        parts += [len(unit).to_bytes(2, "big") + unit for unit in self.sequences]
        parts.append(bytes([len(self.pictures)]))
        parts += [len(unit).to_bytes(2, "big") + unit for unit in self.pictures]
        return b"".join([*parts, self.rest])

    def free_id(self) -> int | None:
        """Return a number that no parameter set here has; None if all are taken."""
        taken = {_first_number(unit[4:]) for unit in self.sequences} | {
            _first_number(unit[1:]) for unit in self.pictures
        }
        return next((number for number in reversed(range(_MOST_IDS)) if number not in taken), None)

    def joined(self, units: Iterable[bytes]) -> ParameterSets | None:
        """Return these and those of another encoding; None if both cannot be in one stream: other profiles."""
        units = list(units)
        sequences = tuple(unit for unit in units if kind(unit) == SEQUENCE)
        pictures = tuple(unit for unit in units if kind(unit) == PICTURE)
        if any(unit[1] != self.profile for unit in sequences) or not sequences or not pictures:
            return None
        compatibility = self.compatibility
        for unit in sequences:
            compatibility &= unit[2]
        both = replace(
            self,
            compatibility=compatibility,
            level=max(self.level, *(unit[3] for unit in sequences)),
            sequences=self.sequences + sequences,
            pictures=self.pictures + pictures,
        )
        too_many = len(both.sequences) > _MOST_SEQUENCES or len(both.pictures) > _MOST_PICTURES
        return None if too_many else both


def kind(unit: bytes) -> int:
    """Return the kind of a NAL unit."""
    return unit[0] & 31


def units_of(packet: bytes, length_size: int) -> list[bytes] | None:
    """Return the NAL units of a packet with lengths; None if they do not add up."""
    found, at = [], 0
    while at < len(packet):
        size = int.from_bytes(packet[at : at + length_size], "big")
        at += length_size
        if not size or at + size > len(packet):
            return None
        found.append(packet[at : at + size])
        at += size
    return found


def units_of_stream(data: bytes) -> list[bytes]:
    """Return the NAL units of a piece with start codes, as encoders write it (ITU-T H.264, annex B)."""
    return [unit.rstrip(b"\0") for unit in data.split(b"\0\0\1") if unit.rstrip(b"\0")]


def with_lengths(units: Iterable[bytes], length_size: int) -> bytes:
    """Return a packet with lengths."""
    return b"".join(len(unit).to_bytes(length_size, "big") + unit for unit in units)


def _first_number(data: bytes) -> int:
    """Return the Exp-Golomb number that a parameter set begins with: its own."""
    bits = int.from_bytes(data[:8].ljust(8, b"\0"), "big")  # an id of 0 to 255 has 17 bits at most
    zeros = 64 - bits.bit_length()
    return (bits >> (63 - 2 * zeros)) - 1 if zeros < 32 else 0
