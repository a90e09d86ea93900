"""Write a video of which groups of pictures are copied as they are, and the others encoded."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lgtsm.video import pyav
from lgtsm.video.groups import CannotCopy, CopyPlan
from lgtsm.video.h264_parameters import PICTURE, SEQUENCE, kind, units_of_stream, with_lengths


class SmartCopy:
    """Add a video stream to `output` that is put together from packets of a source and of encoders.

    Each run of pictures to encode gets an encoder of its own, which begins with a key frame and refers to nothing
    before it. Its parameter sets have a number that the source does not use; the header holds both, so that packets
    are copied bit for bit, and each group names its own.

    Args:
        plan: of `lgtsm.video.groups.plan_copy`.
        source: the file that it was made from.
        output: an open PyAV output container.
        encoder: returns an encoder that is not open yet, given options to add.

    Raises:
        CannotCopy: the encoder cannot write what fits to the source.
    """

    def __init__(self, plan: CopyPlan, source: Path, output, encoder: Callable[[dict[str, str]], Any]):
        self._plan, self._encoder = plan, encoder
        self._options: dict[str, str] = {}
        header = None if all(group.copied for group in plan.groups) else self._join()
        self._input = pyav.open_input(source)
        template = pyav.video_stream(self._input)
        self.stream = output.add_stream_from_template(template, opaque=True)
        if header is not None:
            self.stream.codec_context.extradata = header
        self._packets = (packet for packet in self._input.demux(template) if packet.size)
        self._ticks: list[int] = []  # when each picture is shown
        self._group = 0
        self._written = 0
        self._open: Any = None  # the encoder of the group
        self._step = self._length = 1

    def _join(self) -> bytes:
        """Choose options that fit to the source; return the header of both."""
        number = self._plan.sets.free_id()
        if number is None:
            raise CannotCopy("it uses all numbers of parameter sets")
        self._options = {"x264-params": f"sps-id={number}:open-gop=0"}
        if self._plan.depth == 0:
            self._options["bf"] = "0"
        elif self._plan.depth == 1:
            self._options["x264-params"] += ":b-pyramid=none"
        trial = self._new()
        trial.open()
        both = self._plan.sets.joined(units_of_stream(trial.extradata))
        if both is None:
            raise CannotCopy("its profile of H.264 is not one that is written here")
        return both.pack()

    def _new(self):
        context = self._encoder(self._options)
        context.flags |= pyav.load().codec.context.Flags.global_header
        return context

    def begin(self, clock, step: int) -> None:
        """Set the unit of times, in seconds, and the usual length of a picture in it."""
        self._clock, self._step = clock, step

    def copies(self, number: int) -> bool:
        """Return whether a picture is copied, so that what is put for it does not matter."""
        return next((group.copied for group in self._plan.groups if number < group.stop), True)

    def put(self, ticks: int, length: int, picture) -> Iterator:
        """Add a picture, shown at `ticks`, `length` long if it is the last; yield the packets that are ready."""
        number = len(self._ticks)
        if number == len(self._plan.places):
            return  # more than the source's packets hold, of which its reader tells
        self._ticks.append(ticks)
        self._length = length
        if number == self._plan.groups[self._group].stop:
            yield from self._end()
            self._group += 1
        if self._plan.groups[self._group].copied:
            while self._plan.places[self._written] < number:
                yield self._stamped(next(self._packets), int(self._plan.places[self._written]))
        else:
            if self._open is None:
                self._open = self._new()
            yield from map(self._encoded, self._open.encode(picture))

    def finish(self) -> Iterator:
        """Yield the packets that are left."""
        yield from self._end()

    def _end(self) -> Iterator:
        """End the group."""
        group = self._plan.groups[self._group]
        if group.copied:
            while self._written < group.stop:
                yield self._stamped(next(self._packets), int(self._plan.places[self._written]))
            return
        yield from map(self._encoded, self._open.encode(None))
        self._open = None
        for _ in range(group.first, group.stop):
            next(self._packets)

    def _encoded(self, packet):
        """Return a packet of an encoder in the form of the source's."""
        units = [unit for unit in units_of_stream(bytes(packet)) if kind(unit) not in (SEQUENCE, PICTURE)]
        made = pyav.load().Packet(with_lengths(units, self._plan.sets.length_size))
        made.is_keyframe = packet.is_keyframe
        first = self._plan.groups[self._group].first
        return self._stamped(made, bisect_left(self._ticks, packet.pts, first))

    def _stamped(self, packet, place: int):
        """Give a packet its times: all pictures are held back alike, so that those of decoding rise at the joints."""
        early = self._written - self._plan.depth
        decoded = self._ticks[early] if early >= 0 else self._ticks[0] + early * self._step
        self._written += 1
        packet.stream, packet.time_base = self.stream, self._clock
        packet.pts, packet.dts = self._ticks[place], decoded
        assert packet.dts <= packet.pts
        following = place + 1
        packet.duration = self._ticks[following] - packet.pts if following < len(self._ticks) else self._length
        return packet

    def close(self) -> None:
        """Close the source."""
        self._packets.close()
        self._input.close()
