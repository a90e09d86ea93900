"""Copy sound, subtitles, covers, data and chapters from one file to another without encoding them again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from lgtsm.counted import counted
from lgtsm.video import pyav
from lgtsm.video.beside import codec_name, is_cover, is_data, stream_tags
from lgtsm.video.errors import VideoError
from lgtsm.video.languages import language_for
from lgtsm.video.output_container import is_final
from lgtsm.video.rehearsal import Rehearsal, add_copy, can_hold, early_packets

# Tags that describe the container itself; never copied.
_CONTAINER_TAGS = {"major_brand", "minor_version", "compatible_brands", "encoder"}
_WORDS = {"audio": "sound", "subtitle": "subtitles", "data": "data"}
# Covers as attachments in Matroska, as a stream of one packet in MP4; the others show them as a second video.
_MIME_TYPES = {"mjpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "tiff": "image/tiff"}
_MP4_COVERS = {"mjpeg", "png", "bmp"}
# A time further from the one before is an error of the source, as for FFmpeg (`dts_error_threshold`).
_FAR = 30 * 3600  # seconds
_LEAP = 1  # seconds
_BEGIN_WITH_PICTURES = {"avi"}  # containers whose sound has no times, so that it begins with the pictures
_HEARD = Fraction(1, 10)  # seconds; less than that is the lead of an encoder


@dataclass
class _Copied:
    """One stream on its way: the stream of the output, its last packet, and what had to be mended."""

    stream: Any
    name: str
    rehearsal: Rehearsal
    last: int | None = None
    last_time: Fraction | None = None
    next_time: Fraction | None = None
    raised: int = 0
    guessed: int = 0
    dropped: int = 0
    early: Fraction = Fraction(0)
    late: Fraction = Fraction(0)


class StreamCopy:
    """Add the streams of `source` other than its video to `output` before its header is written.

    Matroska fonts are copied with the subtitles; covers, data, tags and chapters are copied wherever the container
    can hold them. Packets that the container refuses are left out: `notices` says how many.

    Args:
        source: the file to copy from.
        output: an open PyAV output container with its video stream.
        target: the final path, for messages.
        kinds: kinds of streams to copy, of "audio" and "subtitle".
        start: when the first picture is shown, in seconds; None takes what the stream says.

    Raises:
        VideoError: the output container cannot hold the sound or the subtitles.
    """

    def __init__(self, source: Path, output, target: Path, kinds: Sequence[str], start: Fraction | None = None):
        self._source, self._target = source, target
        self._input = pyav.open_input(source)
        self._output = output
        video = pyav.video_stream(self._input)
        named = (video.start_time or 0) * (pyav.fraction(video.time_base) or Fraction(0))
        self.start = named if start is None else start
        self.notices: list[str] = []
        self._shift = Fraction(0)
        self._begins_with_pictures = output.format.name in _BEGIN_WITH_PICTURES
        self._streams: dict[int, _Copied] = {}
        self._covers: list[Any] = []
        self._packets: Any = None
        self._waiting: Any = None
        try:
            self._add_all(kinds)
            # A muxer refuses the whole file for a chapter that ends before it starts.
            chapters = self._input.chapters()
            output.set_chapters([one for one in chapters if 0 <= one["start"] <= one["end"]])
            kept = {key: value for key, value in self._input.metadata.items() if key not in _CONTAINER_TAGS}
            output.metadata.update(kept)
        except BaseException:
            self.close()
            raise
        self._packets = self._demux()

    def _add_all(self, kinds: Sequence[str]) -> None:
        wanted = [stream for stream in self._input.streams if stream.type in kinds or is_data(stream)]
        covers = [stream for stream in self._input.streams if is_cover(stream)]
        packets = early_packets(self._source, [stream.index for stream in (*wanted, *covers)])
        counts: dict[str, int] = {}
        for stream in wanted:
            counts[stream.type] = counts.get(stream.type, 0) + 1
            if can_hold(self._output, stream, packets[stream.index]):
                self._add(stream, f"{_WORDS[stream.type]} {counts[stream.type]}")
            elif stream.type in kinds:
                raise self._cannot_hold(stream)
        for stream in covers:
            if packets[stream.index]:
                self._add_cover(stream, packets[stream.index][0])
        if self._output.format.name == "matroska" and "subtitle" in kinds:
            for stream in self._input.streams:
                if stream.type == "attachment":
                    self._output.add_attachment(stream.name or "attachment", stream.mimetype or "", stream.data or b"")

    def _cannot_hold(self, stream) -> VideoError:
        kind, target, source = _WORDS[stream.type], self._target, self._source
        container = target.suffix or "this format"
        other = source.suffix if source.suffix.lower() != target.suffix.lower() else ".mkv"
        return VideoError(
            f"{target} cannot hold the {kind} of {source.name}: {container} does not take {codec_name(stream)}. "
            f"Write to a file ending in {other}, or leave the {kind} out with {kind}=False."
        )

    def _add(self, stream, name: str) -> None:
        copy = add_copy(self._output, stream)
        tags = stream_tags(stream)
        if "language" in tags:
            tags["language"] = language_for(self._output.format.name, tags["language"])
        copy.metadata.update(tags)
        self._streams[stream.index] = _Copied(copy, name, Rehearsal(self._output, stream))

    def _add_cover(self, stream, packet) -> None:
        container, codec = self._output.format.name, codec_name(stream)
        if container == "matroska" and codec in _MIME_TYPES:
            kind = _MIME_TYPES[codec]
            name = stream.metadata.get("filename") or f"cover.{kind.removeprefix('image/').replace('jpeg', 'jpg')}"
            self._output.add_attachment(name, kind, bytes(packet))
        elif container == "mp4" and codec in _MP4_COVERS and can_hold(self._output, stream, []):
            self._covers.append((add_copy(self._output, stream), packet))

    def begin(self, first: Fraction) -> None:
        """Set the time of the first output frame in seconds, to keep the sound in sync."""
        self._shift = first - self.start
        for stream, packet in self._covers:
            packet.stream = stream
            packet.pts = packet.dts = round(first / stream.time_base)
            packet.time_base = stream.time_base
            try:
                self._output.mux(packet)
            except pyav.load().FFmpegError as error:
                if is_final(error):
                    raise
                self.notices.append(f"A cover picture of {self._source.name} cannot be held by {self._target}.")

    def pump(self, until: Fraction | None = None) -> None:
        """Copy the packets up to `until` seconds of the output; None copies all the rest."""
        while True:
            packet = self._waiting if self._waiting is not None else next(self._packets, None)
            self._waiting = None
            if packet is None:
                return
            copied = self._streams[packet.stream_index]
            time = self._time_of(packet, copied)
            if self._begins_with_pictures and copied.stream.type == "audio" and copied.last is None:
                length = _length(packet)
                if time + length / 2 < 0:
                    copied.early += length
                    copied.next_time = time + length
                    continue
                if time > _HEARD:
                    copied.late = time
            if until is not None and time > until:
                self._waiting = packet
                return
            self._put(packet, copied, time)

    def _time_of(self, packet, copied: _Copied) -> Fraction:
        """Return the time of a packet in the output in seconds, as the source has it; guess what is not there."""
        base, ticks = pyav.fraction(packet.time_base), _named(packet)
        expected = copied.next_time if copied.next_time is not None else self.start + self._shift
        time = expected if ticks is None or base is None else ticks * base + self._shift
        return time if abs(time - expected) < _FAR else expected

    def _put(self, packet, copied: _Copied, time: Fraction) -> None:
        """Write a packet at a time in seconds, later than the one before in its stream."""
        av, source_base = pyav.load(), pyav.fraction(packet.time_base)
        clock: Any = pyav.fraction(copied.stream.time_base)  # of the output, which has one
        length = _length(packet)
        ticks, named = round(time / clock), _named(packet)
        copied.guessed += named is None or named * (source_base or 0) + self._shift != time
        step = 0 if self._output.format.output.flags & av.format.Flags.ts_nonstrict.value else 1
        if copied.last is not None and ticks < copied.last + step:
            ticks = copied.last + step
            before: Any = copied.last_time
            copied.raised += time <= before if step else time < before  # else it was rounded
        copied.last_time, copied.next_time = time, max(time + length, ticks * clock)
        # Nothing is reordered in what is copied, so the time of decoding is that of showing.
        packet.time_base, packet.dts, packet.pts, packet.duration = clock, ticks, ticks, round(length / clock)
        if not copied.rehearsal.takes(packet):
            copied.dropped += 1
            return
        packet.stream = copied.stream
        try:
            self._output.mux(packet)
            copied.last = ticks
        except (av.FFmpegError, ValueError, OverflowError) as error:
            if is_final(error):
                raise
            copied.dropped += 1

    def _demux(self) -> Iterator:
        if not self._streams:
            return
        failed = None
        held: dict[int, Any] = {}  # one packet of each sound, to see what follows it
        sounds = {index for index, copied in self._streams.items() if copied.stream.type == "audio"}
        try:
            for packet in self._input.demux([self._input.streams[index] for index in self._streams]):
                if not packet.size:
                    continue
                before = held.pop(packet.stream_index, None)
                if packet.stream_index not in sounds:
                    yield packet
                    continue
                held[packet.stream_index] = packet
                if before is not None:
                    self._forget_a_leap(before, packet)
                    yield before
        except pyav.load().FFmpegError as error:
            failed = error
        yield from held.values()
        if failed is not None:
            last = max((float(copied.next_time or 0) for copied in self._streams.values()), default=0)
            self.notices.append(
                f"{self._source} cannot be read beyond {last:.2f} s for {self._names()} ({failed.strerror}); what came "
                "before is kept."
            )

    def _forget_a_leap(self, packet, following) -> None:
        """Forget the time of a packet that lies far ahead if the next one goes on as before."""
        copied, base = self._streams[packet.stream_index], pyav.fraction(packet.time_base)
        now, then = _named(packet), _named(following)
        if now is None or then is None or base is None or copied.last_time is None or now <= then:
            return
        last = (copied.last_time - self._shift) / base
        if then >= last and now - last > _LEAP / base:
            packet.dts = packet.pts = None

    def _names(self) -> str:
        return ", ".join(copied.name for copied in self._streams.values())

    def finish(self) -> None:
        """Copy the rest of the packets, and add to `notices` what had to be mended."""
        self.pump()
        for copied in self._streams.values():
            sound = f"{copied.name} of {self._source.name}"
            if copied.early > _HEARD:
                self.notices.append(
                    f"The first {float(copied.early):.2f} s of {sound} come before the pictures, which {self._target} "
                    "cannot hold; they were left out. Write to .mp4 or .mkv to keep them."
                )
            if copied.late:
                self.notices.append(
                    f"The start of {sound} comes {float(copied.late):.2f} s after that of the pictures, which "
                    f"{self._target} cannot hold; the sound is that much early. Write to .mp4 or .mkv."
                )
            for count, what in (
                (copied.raised, "came no later than the one before; their times were raised as little as possible"),
                (copied.guessed, "had no usable time; they follow the one before"),
                (copied.dropped, f"cannot be held by {self._target}; they were left out"),
            ):
                if count:
                    packets = counted(count, "packet")
                    self.notices.append(f"In {copied.name} of {self._source.name}, {packets} {what}.")

    def close(self) -> None:
        """Close the source."""
        for copied in self._streams.values():
            copied.rehearsal.close()
        if self._packets is not None:
            self._packets.close()
        self._input.close()


def _length(packet) -> Fraction:
    """Return the length of a packet in seconds; 0 if it cannot be true."""
    length = Fraction(packet.duration or 0) * (pyav.fraction(packet.time_base) or 0)
    return length if 0 <= length < _FAR else Fraction(0)


def _named(packet) -> int | None:
    """Return the time of a packet in its own unit; None if it has none."""
    return packet.dts if packet.dts is not None else packet.pts
