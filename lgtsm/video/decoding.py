"""Decode the frames of a video stream, with their alpha."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lgtsm.video import pyav

# FFmpeg's own decoders of these codecs drop alpha, which WebM stores beside each packet; these keep it.
_KEEPS_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
# Containers where a packet is cut off only at the end of the file: the packet index refuses one that belongs to it.
_HUNG_ON = {"ivf", "flv"}


def decode(container, stream, threads: str = "AUTO") -> Iterator[Any]:
    """Yield the `av.VideoFrame`s of a stream from where its container stands.

    Args:
        container: an open input.
        stream: its video stream.
        threads: FFmpeg's kind of threads; "SLICE" does not look ahead.
    """
    tags = {name.lower(): value for name, value in stream.metadata.items()}
    name = _KEEPS_ALPHA.get(stream.codec_context.name) if tags.get("alpha_mode") == "1" else None
    decoder = stream if name is None else pyav.load().CodecContext.create(name, "r")
    if decoder is stream:
        decoder.thread_type = threads
    for packet in container.demux(stream):
        if packet.is_corrupt and container.format.name in _HUNG_ON:
            continue
        yield from decoder.decode(packet if packet.size else None)
