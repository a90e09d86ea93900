"""Find out whether a container can hold a stream, by writing packets of it to memory and to nowhere."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path

from lgtsm.video import pyav
from lgtsm.video.beside import codec_name, is_one_codec

_EARLY_PACKETS, _TRIED_PACKETS = 400, 8
# Their muxers refuse sound without pictures, so it cannot be tried alone.
_NEVER_ALONE = {"mxf", "mxf_d10", "mxf_opatom", "gxf"}


def early_packets(source: Path, indices: Sequence[int]) -> dict[int, list]:
    """Return the first packets of some streams of a file, by stream index, as far as they lie near its start."""
    found: dict[int, list] = {index: [] for index in indices}
    if not found:
        return found
    with pyav.open_input(source) as container:
        try:
            for count, packet in enumerate(container.demux()):
                place = found.get(packet.stream_index)
                if place is not None and packet.size and len(place) < _TRIED_PACKETS:
                    place.append(packet)
                if count == _EARLY_PACKETS or all(len(packets) == _TRIED_PACKETS for packets in found.values()):
                    break
        except pyav.load().FFmpegError:
            pass  # what has been read is enough for a try
    return found


def can_hold(output, stream, packets: Sequence) -> bool:
    """Return whether `output`'s container takes a stream of an input, and gives its codec back when read.

    Args:
        output: an open PyAV output container.
        stream: a stream of an open input.
        packets: some of its first packets; they are changed.
    """
    av, name = pyav.load(), output.format.name
    if name in _NEVER_ALONE:
        return codec_name(stream) in output.supported_codecs
    memory = io.BytesIO()
    try:
        with av.open(memory, "w", format=name) as trial:
            copy = add_copy(trial, stream)
            trial.start_encoding()
            next_one = 0
            for packet in packets:  # in times of ours: the source's may be wrong, which is mended later
                packet.stream, packet.pts, packet.dts = copy, next_one, next_one
                packet.duration = min(packet.duration or 1, 100_000)
                next_one += packet.duration
                trial.mux(packet)
        if not packets:
            return True
        memory.seek(0)
        with av.open(memory, metadata_errors="replace") as read:
            found = read.streams[0] if len(read.streams) == 1 else None
            return (
                found is not None and found.type == stream.type and is_one_codec(codec_name(found), codec_name(stream))
            )
    except (av.FFmpegError, ValueError, OverflowError):
        return False


def add_copy(output, stream):
    """Add a stream like one of an input to an output, with its flags; return it."""
    if (output.format.name, codec_name(stream)) == ("avi", "ac3"):
        # Another AVI's block size would put several packets into the time of one; FFmpeg forgets it as well.
        copy = output.add_mux_stream("ac3", rate=stream.codec_context.sample_rate)
    else:
        copy = output.add_stream_from_template(stream, opaque=True)
    copy.disposition = stream.disposition
    return copy


class Rehearsal:
    """Write a stream to nowhere, in the container of `output`, to see which packets it takes.

    A muxer buffers packets: an error that one causes comes up later, and would fall on another.
    """

    def __init__(self, output, stream):
        name = output.format.name
        self._output = None
        if name not in _NEVER_ALONE:
            self._output = pyav.load().open(os.devnull, "w", format=name)
            self._copy = add_copy(self._output, stream)
            self._output.start_encoding()

    def takes(self, packet) -> bool:
        """Write a packet; return whether that works. The packet is as it was afterwards."""
        if self._output is None:
            return True
        av = pyav.load()
        kept = packet.stream, packet.time_base, packet.pts, packet.dts, packet.duration
        try:
            packet.stream = self._copy
            self._output.mux(packet)
        except (av.FFmpegError, ValueError, OverflowError):
            return False
        finally:
            packet.stream, packet.time_base, packet.pts, packet.dts, packet.duration = kept
        return True

    def close(self) -> None:
        """End it."""
        if self._output is not None:
            try:
                self._output.close()
            except (pyav.load().FFmpegError, ValueError):
                pass  # nothing was meant to be kept
