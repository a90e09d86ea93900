"""Read what Weights & Biases has kept of an offline run: records in a LevelDB log, checked and in order."""

import struct
import zlib
from pathlib import Path

BLOCK = 32768
HEADER = struct.Struct("<IHB")  # checksum, length, type: 1 whole, 2 first, 3 middle, 4 last
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4


def read_records(path):
    """Return the records of a .wandb file, as wandb's own protobuf messages."""
    from wandb.proto.wandb_internal_pb2 import Record

    data = Path(path).read_bytes()
    assert data[:4] == b":W&B"
    place, pieces, records = 7, b"", []
    while place + HEADER.size <= len(data):
        room = BLOCK - place % BLOCK
        if room < HEADER.size:
            place += room
            continue
        checksum, length, kind = HEADER.unpack_from(data, place)
        piece = data[place + HEADER.size : place + HEADER.size + length]
        place += HEADER.size + length
        assert zlib.crc32(piece, zlib.crc32(bytes([kind]))) == checksum
        pieces = piece if kind in (FULL, FIRST) else pieces + piece
        if kind in (FULL, LAST):
            records.append(Record.FromString(pieces))
    return records
