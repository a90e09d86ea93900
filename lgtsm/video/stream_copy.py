"""Copy sound, subtitles and chapters from one file to another without encoding them again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from lgtsm.video import pyav
from lgtsm.video.errors import VideoError

# Tags that describe the container itself; never copied.
_CONTAINER_TAGS = {"major_brand", "minor_version", "compatible_brands", "encoder"}


class StreamCopy:
    """Add the sound and subtitle streams of `source` to `output` before its header is written.

    Matroska fonts are copied with the subtitles; tags and chapters are always copied.

    Args:
        source: the file to copy from.
        output: an open PyAV output container with its video stream.
        target: the final path, for messages.
        kinds: kinds of streams to copy, of "audio" and "subtitle".

    Raises:
        VideoError: the output container cannot hold one of the codecs.
    """

    def __init__(self, source: Path, output, target: Path, kinds: Sequence[str]):
        self._input = pyav.open_input(source)
        self._output = output
        start = pyav.video_stream(self._input)
        self.start = (start.start_time or 0) * (pyav.fraction(start.time_base) or Fraction(0))
        self._shift = Fraction(0)
        self._streams = {}
        try:
            for stream in self._input.streams:
                if stream.type in kinds and stream.codec_context is not None:
                    self._add(stream, source, target)
                elif stream.type == "attachment" and "subtitle" in kinds and output.format.name == "matroska":
                    output.add_attachment(stream.name or "attachment", stream.mimetype or "", stream.data or b"")
            output.set_chapters(self._input.chapters())
            kept = {key: value for key, value in self._input.metadata.items() if key not in _CONTAINER_TAGS}
            output.metadata.update(kept)
        except BaseException:
            self._input.close()
            raise
        self._packets = self._demux()
        self._waiting = None

    def _add(self, stream, source: Path, target: Path) -> None:
        names = {stream.codec_context.name, stream.codec_context.codec.canonical_name}
        if not names & set(self._output.supported_codecs):
            kind = {"audio": "sound", "subtitle": "subtitles"}[stream.type]
            codec, container = stream.codec_context.codec.canonical_name, target.suffix or "this format"
            other = source.suffix if source.suffix.lower() != target.suffix.lower() else ".mkv"
            raise VideoError(
                f"{target} cannot hold the {kind} of {source.name}: {container} does not take {codec}. "
                f"Write to a file ending in {other}, or leave the {kind} out with {kind}=False."
            )
        copy = self._output.add_stream_from_template(stream)
        copy.disposition = stream.disposition
        copy.metadata.update({key: value for key, value in stream.metadata.items() if key in ("language", "title")})
        self._streams[stream.index] = copy

    def begin(self, first: Fraction) -> None:
        """Set the time of the first output frame in seconds, to keep the sound in sync."""
        self._shift = first - self.start

    def pump(self, until: Fraction | None = None) -> None:
        """Copy the packets up to `until` seconds of the output; None copies all the rest."""
        while True:
            packet = self._waiting or next(self._packets, None)
            self._waiting = None
            if packet is None:
                return
            base = pyav.fraction(packet.time_base)
            if until is not None and packet.dts * base + self._shift > until:
                self._waiting = packet
                return
            shift = round(self._shift / base)
            packet.dts += shift
            if packet.pts is not None:
                packet.pts += shift
            packet.stream = self._streams[packet.stream.index]
            self._output.mux(packet)

    def _demux(self) -> Iterator:
        if self._streams:
            for packet in self._input.demux([self._input.streams[index] for index in self._streams]):
                if packet.size and packet.dts is not None:
                    yield packet

    def close(self) -> None:
        """Close the source."""
        self._input.close()
