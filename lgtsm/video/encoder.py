"""Encode RGB frames into a video file with PyAV: pixel format, color tags, timestamps, sound."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from lgtsm.video import pyav
from lgtsm.video.encoder_limits import what_fits
from lgtsm.video.encoding import Encoding
from lgtsm.video.encoding_choices import (
    choose_codec,
    choose_siting,
    encoder_options,
    format_options,
    merge_options,
    tags_of,
)
from lgtsm.video.errors import VideoError
from lgtsm.video.groups import CannotCopy, plan_copy
from lgtsm.video.interlacing import PROGRESSIVE, field_options, mark_fields, marking
from lgtsm.video.known_samples import KnownSamples
from lgtsm.video.languages import language_for
from lgtsm.video.output_container import cannot_write, open_output, takes_timecode
from lgtsm.video.pixel_formats import choose_pix_fmt
from lgtsm.video.probe import VideoInfo
from lgtsm.video.siting import UNKNOWN
from lgtsm.video.smart_copy import SmartCopy
from lgtsm.video.source_codec import profile_options
from lgtsm.video.source_rate import rate_options, target_rate
from lgtsm.video.stream_copy import StreamCopy

UNSEEN = 2  # levels of 255 that a palette may be off without a word


class Encoder:
    """Encode frames into `temporary`, for `VideoWriter`, which documents the arguments; `target` is for messages.

    Attributes:
        pix_fmt: of the file, such as "yuva444p10le".
        alpha: whether it has transparency.
        notices: sentences on what could not be copied as it was; complete after `finish`.
    """

    def __init__(
        self,
        temporary: Path,
        target: Path,
        fps: Fraction,
        height: int,
        width: int,
        encoding: Encoding,
        like: VideoInfo | None,
        source_path: Path | None,
        clock: Fraction | None,
        touched: np.ndarray | None = None,
    ):
        av = pyav.load()
        self.codec = choose_codec(target, encoding, like)
        self.notices: list[str] = []
        self.target, self.fps = target, fps
        self._reformatter = av.video.reformatter.VideoReformatter()
        self._tags = tags_of(like, self.codec, target.suffix.lower())
        self._field_order = like.field_order if like is not None else PROGRESSIVE
        self._palette: Any = None
        self._copy: StreamCopy | None = None
        self._smart: SmartCopy | None = None
        self._stream: Any = None  # until it is added
        self._count = 0
        self._output = open_output(temporary, target)
        try:
            formats = self._formats(av)
            self.pix_fmt = choose_pix_fmt(formats, encoding, like, height, width, self.codec)
            form = av.VideoFormat(self.pix_fmt)
            self.alpha = not form.has_palette and any(component.is_alpha for component in form.components)
            self._prepare(fps, height, width, encoding, like, clock)
            if encoding.smart_copy and touched is not None:
                self._add_smart(like, source_path, touched)
            if self._smart is None:
                self._add_stream()
            self._describe(like, fps)
            if source_path is not None:
                start = like.index.start if like is not None and like.index is not None else None
                self._copy = StreamCopy(source_path, self._output, target, encoding.copied, start)
                self._copy.notices[:0] = self.notices
                self.notices = self._copy.notices
            with _quiet(self.codec):
                self._output.start_encoding()
        except (av.FFmpegError, ValueError) as error:
            fits = self._what_fits(error)
            self.abort()
            if fits is not None:
                raise VideoError(f"{target} cannot be written: {fits}") from error
            raise (error if isinstance(error, VideoError) else self._failed(error)) from error
        except BaseException:
            self.abort()
            raise

    def _formats(self, av) -> list[str]:
        try:
            encoder = av.codec.Codec(self.codec, "w")
            if encoder.type != "video":
                raise ValueError(f"it encodes {encoder.type}")
            return [known.name for known in encoder.video_formats or ()]
        except (av.FFmpegError, ValueError) as error:
            raise VideoError(
                f"{self.target} cannot be written: this FFmpeg has no video encoder {self.codec!r}. "
                "Use libx264, libx265, libvpx-vp9, ffv1 or mjpeg."
            ) from error

    def _prepare(self, fps, height, width, encoding, like, clock) -> None:
        """Choose the options of the encoder, and all that frames need on their way to it."""
        options, bits_per_pixel = encoder_options(self.codec, encoding, self.target.suffix.lower())
        bit_rate = float(bits_per_pixel * width * height * fps)
        rate = target_rate(self.codec, encoding, like)
        if (
            rate is not None
            and (near := rate_options(self.codec, self.pix_fmt, rate, float(like.duration))) is not None
        ):
            options.pop("crf", None)
            options, bit_rate = options | near[0], near[1]
        if self.codec == "libx265" and min(height, width) < 64:
            options["x265-params"] += ":cutree=0"  # with it, x265 writes behind its memory, as at 48x28
        siting, is_moved = choose_siting(self.codec, self.pix_fmt, like)
        if siting != UNKNOWN:
            options["chroma_sample_location"] = siting
        marks = f"chroma_location={siting}:{marking(self._field_order)}"
        self._mark = pyav.FilterChain("rgb24", width, height, ("setparams", marks))
        self._known = KnownSamples(self._tags, moved=is_moved)
        if self.codec == "gif" and fps > 100:
            raise VideoError(
                f"{self.target} holds 100 frames a second at most; the video has {float(fps):g}. Use .mp4."
            )
        fields = field_options(self.codec, self._field_order, self.target)
        hdr = like.hdr.options(self.codec) if like is not None else {}
        formal = format_options(self.codec, self.pix_fmt, like)
        profile = profile_options(self.codec, self.pix_fmt, encoding, like)
        self._options = merge_options(options, formal, profile, fields, hdr)
        self._clock = Fraction(1, 100) if self.codec == "gif" else clock or 1 / fps
        self._size, self._bit_rate = (width, height), round(bit_rate)
        self._aspect = like.sample_aspect_ratio if like is not None and like.names_aspect else None
        if self.codec == "gif":
            from lgtsm.video.gif import PaletteGraph

            self._palette = PaletteGraph(width, height, self._clock)

    def _set_up(self, context) -> None:
        """Give all choices to an encoder that is not open yet."""
        context.options = dict(self._options)
        context.width, context.height = self._size
        context.pix_fmt, context.bit_rate, context.time_base = self.pix_fmt, self._bit_rate, self._clock
        mark_fields(context, self._field_order)
        if self.codec == "libx265" and self._output.format.name in ("mp4", "mov"):
            context.codec_tag = "hvc1"  # which QuickTime asks for
        if self._is_yuv:
            self._tags.tag(context)
        if self._aspect is not None:
            context.sample_aspect_ratio = self._aspect

    def _add_stream(self) -> None:
        self._stream = self._output.add_stream(self.codec, rate=self.fps)
        self._set_up(self._stream.codec_context)

    def _add_smart(self, like: VideoInfo | None, source: Path | None, touched: np.ndarray) -> None:
        """Add a stream that copies what is not touched, or a sentence on why it cannot."""

        def encoder(more: dict[str, str]):
            context = pyav.load().CodecContext.create(self.codec, "w")
            self._set_up(context)
            context.framerate, context.options = self.fps, merge_options(self._options, more)
            return context

        try:
            if like is None or source is None:
                raise CannotCopy("it is not a video file")
            plan = plan_copy(like, self.target, touched)
            if (self.codec, self.pix_fmt) != ("libx264", like.pix_fmt.replace("yuvj", "yuv")):
                raise CannotCopy(f"what is filled is written as {self.codec} in {self.pix_fmt}")
            self._smart = SmartCopy(plan, source, self._output, encoder)
        except CannotCopy as why:
            self.notices.append(f"Nothing of {self.target.name} is copied with smart_copy, all is encoded: {why}.")
            return
        self._stream = self._smart.stream
        self._stream.time_base = self._clock
        self._smart.begin(self._clock, max(1, round(1 / self.fps / self._clock)))

    def _describe(self, like: VideoInfo | None, fps: Fraction) -> None:
        """Set language, title, timecode and flags of the video track."""
        tags = self._stream.metadata
        if self.alpha and self.codec.startswith("libvpx"):
            tags["alpha_mode"] = "1"  # else WebM says nothing of the alpha that lies beside its pictures
        if like is None:
            self._stream.disposition = 1
            return
        kinds = pyav.load().stream.Disposition
        self._stream.disposition = like.disposition & ~int(kinds.attached_pic | kinds.timed_thumbnails)
        if like.language is not None:
            tags["language"] = language_for(self._output.format.name, like.language)
        if like.title is not None:
            tags["title"] = like.title
        if like.timecode is not None and takes_timecode(self._output, like.timecode, fps):
            tags["timecode"] = like.timecode

    @property
    def _is_yuv(self) -> bool:
        return self.pix_fmt.startswith(("yuv", "gray", "nv"))

    def write(
        self,
        frame: np.ndarray,
        shown: Fraction,
        length: Fraction,
        first: bool,
        source=None,
        changed: np.ndarray | None = None,
    ) -> None:
        """Encode one frame, shown at `shown` s; `length` s long if it is the last. The rest as in `VideoWriter`."""
        av = pyav.load()
        ticks, lasts = round(shown / self._clock), max(1, round(length / self._clock))
        self._last = ticks, lasts
        number, self._count = self._count, self._count + 1
        is_copied = self._smart is not None and self._smart.copies(number)
        picture = None if is_copied else self._picture(frame, source, changed)
        try:
            if picture is not None:
                picture.pts, picture.time_base, picture.duration = ticks, self._clock, lasts
                if self._palette is not None:
                    picture = self._palette.apply(picture)
            if self._copy is not None and first:
                self._copy.begin(shown)
            if self._smart is not None:
                self._output.mux(list(self._smart.put(ticks, lasts, picture)))
            else:
                self._output.mux(self._stream.encode(picture))
            if self._copy is not None:
                self._copy.pump(shown)
        except (av.FFmpegError, ValueError) as error:
            raise self._failed(error) from error

    def _picture(self, frame: np.ndarray, source, changed: np.ndarray | None):
        """Return the frame to encode."""
        av = pyav.load()
        picture = self._mark(av.VideoFrame.from_ndarray(frame, format="rgb24"))
        if self._is_yuv:
            picture = self._tags.to_yuv(self._reformatter, picture, self.pix_fmt)
        elif self._palette is None:
            picture = self._reformatter.reformat(picture, format=self.pix_fmt)
        if self._palette is None and changed is not None and isinstance(source, av.VideoFrame):
            picture = self._known.keep(source, picture, changed)
        return picture

    def finish(self) -> None:
        """Flush the encoder, copy the rest of the sound, and close the file."""
        try:
            for packet in self._smart.finish() if self._smart is not None else self._stream.encode(None):
                if self.codec == "libx265" and self._count == 2:
                    packet.dts = packet.pts  # x265 takes that of two pictures from memory that nobody set
                if (packet.pts, packet.time_base) == (self._last[0], self._clock):
                    packet.duration = self._last[1]  # encoders that delay frames lose it
                self._output.mux(packet)
            if self._copy is not None:
                self._copy.finish()
            if self._palette is not None and self._palette.change > UNSEEN:
                self.notices.append(
                    f"Colors changed by up to {self._palette.change} of 255 levels: {self.target} holds 256 colors a "
                    "frame. .mp4, .mkv and .webm hold all of them, a folder of PNG frames every bit."
                )
            self._output.close()
        except (pyav.load().FFmpegError, ValueError) as error:
            raise self._failed(error) from error
        finally:
            if self._copy is not None:
                self._copy.close()
            if self._smart is not None:
                self._smart.close()

    def abort(self) -> None:
        """Close the files without finishing them."""
        for source in (self._copy, self._smart):
            if source is not None:
                source.close()
        try:
            self._output.close()
        except (pyav.load().FFmpegError, ValueError):
            pass  # the file is discarded anyway

    def _what_fits(self, error: Exception) -> str | None:
        """Return a sentence on the sizes or rates that fit, if the encoder was refused for its own."""
        if isinstance(error, VideoError) or self._stream is None:
            return None
        with _quiet(self.codec):
            return what_fits(self._output.format.name, self._stream, self._options, self.fps)

    def _failed(self, error: Exception) -> VideoError:
        return cannot_write(self.target, self.codec, error)


@contextmanager
def _quiet(codec: str) -> Iterator[None]:
    """Keep SVT-AV1 from describing itself on stderr, and from taking the processors for itself, when it opens."""
    if codec != "libsvtav1":
        yield
        return
    level = os.environ.get("SVT_LOG")
    os.environ["SVT_LOG"] = level or "0"  # not even errors, of which the sentence is ours
    try:
        with _usual_priority():
            yield
    finally:
        if level is None:
            del os.environ["SVT_LOG"]


@contextmanager
def _usual_priority() -> Iterator[None]:
    """Take real-time priority from threads that get it meanwhile.

    Started by root, as in a container, SVT-AV1 gives it to its threads and to the one that opens it. They, and all
    programs that they start, then starve everything else on the machine.
    """
    tasks = Path("/proc/self/task")
    if not tasks.is_dir():  # on Linux alone
        yield
        return
    before = {int(task.name) for task in tasks.iterdir() if _is_real_time(int(task.name))}
    try:
        yield
    finally:
        for task in tasks.iterdir():
            number = int(task.name)
            if number not in before and _is_real_time(number):
                with suppress(OSError):
                    os.sched_setscheduler(number, os.SCHED_OTHER, os.sched_param(0))


def _is_real_time(thread: int) -> bool:
    try:
        return os.sched_getscheduler(thread) in (os.SCHED_FIFO, os.SCHED_RR)
    except OSError:  # it has ended
        return False
