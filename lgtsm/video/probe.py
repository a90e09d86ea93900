"""Describe a video: size, frames, rate, colors, rotation, sound, subtitles."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from lgtsm.video import pyav
from lgtsm.video.beside import codec_name, has_alpha, read_beside, stream_tags, timecode_of
from lgtsm.video.color import MATRICES, PRIMARIES, RANGES, TRANSFERS
from lgtsm.video.decoding import decode
from lgtsm.video.errors import VideoError
from lgtsm.video.hdr import HDR10
from lgtsm.video.interlacing import PROGRESSIVE, field_order
from lgtsm.video.orientation import Orientation
from lgtsm.video.packet_index import PacketIndex, read_packet_index
from lgtsm.video.siting import UNKNOWN, chroma_siting, turned


@dataclass(frozen=True)
class VideoInfo:
    """Facts about a video file or a folder of frames. Color names are ffprobe's, or "unknown".

    Attributes:
        width, height: pixels, upright (after `rotation`).
        frames: exact count.
        fps: frames per second; the mean if the rate varies.
        duration: seconds, from the first frame to the end of the last.
        rotation: clockwise rotation of the stored picture in degrees: 0, 90, 180 or 270.
        sample_aspect_ratio: width of a pixel over its height, upright; 1 if unknown.
        names_aspect: whether the file states it.
        chroma_siting: where chroma samples lie, as in `lgtsm.video.siting`; None if no name fits, once upright.
        field_order: "progressive", "top field first" or "bottom field first", as in `lgtsm.video.interlacing`.
        profile: FFmpeg's name of the codec's profile, such as "HQ" of ProRes; None if unknown.
        alpha: whether it has transparency.
        hdr: mastering display and content light level.
        timecode: of the first frame, "hours:minutes:seconds:frames"; None if there is none.
        language, title: of the video track; None if there is none.
        disposition: flags of the video track, as FFmpeg's bits; 1 is "default".
        beside: (name, words) of all else that the file holds; see `lgtsm.video.beside`.
        allow_gaps: whether a folder may leave out numbers; pass it to `open_video`.
        index: the packet index; pass it to `open_video` to read it only once. None for folders.
    """

    path: Path
    width: int
    height: int
    frames: int
    fps: Fraction
    duration: Fraction
    codec: str
    pix_fmt: str
    color_space: str = "unknown"
    color_range: str = "unknown"
    color_primaries: str = "unknown"
    color_transfer: str = "unknown"
    rotation: int = 0
    sample_aspect_ratio: Fraction = Fraction(1)
    audio_codecs: tuple[str, ...] = ()
    subtitles: tuple[str, ...] = ()
    variable_frame_rate: bool = False
    index: PacketIndex | None = field(default=None, repr=False, compare=False)
    names_aspect: bool = False
    chroma_siting: str | None = UNKNOWN
    field_order: str = PROGRESSIVE
    profile: str | None = None
    alpha: bool = False
    hdr: HDR10 = field(default_factory=HDR10)
    timecode: str | None = None
    language: str | None = None
    title: str | None = None
    disposition: int = 1
    beside: tuple[tuple[str, str], ...] = ()
    allow_gaps: bool = False

    @property
    def pts(self) -> np.ndarray | None:
        """Display times, (frames,) int64 in units of `time_base` seconds; None for folders."""
        return None if self.index is None else self.index.pts

    @property
    def time_base(self) -> Fraction | None:
        """Seconds per unit of `pts`; None for folders."""
        return None if self.index is None else self.index.time_base

    @property
    def bit_rate(self) -> float | None:
        """Bits a second of the video track alone; None for folders."""
        return None if self.index is None else 8 * self.index.size / float(self.duration)

    def times(self) -> list[Fraction]:
        """Return when each frame comes, and when the last one goes, in seconds from the first one."""
        if self.index is None:
            return [number / self.fps for number in range(self.frames + 1)]
        first = int(self.index.pts[0])
        return [(int(pts) - first) * self.index.time_base for pts in self.index.pts] + [self.duration]

    @property
    def faults(self) -> tuple[str, ...]:
        """Sentences about a damaged file that can be read nonetheless, such as pictures missing at its end."""
        return () if self.index is None else self.index.faults


def probe(path: str | Path, strict: bool = False, allow_gaps: bool = False) -> VideoInfo:
    """Describe a video without decoding more than its first frame (except for a few codecs).

    Args:
        path: a video file, or a folder of frames.
        strict: refuse a file with `faults`, such as one that holds fewer pictures than its header says.
        allow_gaps: take a folder whose numbers leave some out, like 1, 2, 4.

    Raises:
        VideoError: the path is missing, not a video, truncated, or has no frames; or it has faults and `strict` is set.
    """
    path = Path(path)
    from lgtsm.video.frame_folder import is_images

    if is_images(path):
        return _probe_images(path, allow_gaps)
    index = read_packet_index(path)
    if strict and index.faults:
        raise VideoError(f"{index.faults[0]} Leave out `strict` to take it as it is.")
    with pyav.open_input(path) as container:
        stream = pyav.video_stream(container)
        context = stream.codec_context
        try:
            frame = next(decode(container, stream, "SLICE"), None)
        except pyav.load().FFmpegError as error:
            raise VideoError(
                f"{path} must be a video; its first frame cannot be decoded ({error.strerror})."
            ) from error
        if frame is None:
            raise VideoError(f"{path} must hold at least one picture; none can be decoded.")
        orientation = Orientation.of_frame(frame)
        width, height = frame.width, frame.height
        named = pyav.fraction(stream.sample_aspect_ratio) or pyav.fraction(context.sample_aspect_ratio)
        aspect = named or Fraction(1)
        if orientation.transpose:
            width, height, aspect = height, width, 1 / aspect
        pix_fmt, tags = frame.format.name, (frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc)
        space, range_, primaries, transfer = map(int, tags)
        codec = context.codec.canonical_name
        alpha, hdr, beside = has_alpha(stream, frame), HDR10.of_frame(frame), read_beside(container, stream, frame)
        siting = turned(chroma_siting(frame, codec), orientation)  # this and the next spoil picture and side data
        fields = field_order(frame)
        return VideoInfo(
            path=path,
            width=width,
            height=height,
            frames=len(index),
            fps=index.fps,
            duration=index.duration,
            codec=codec,
            pix_fmt=pix_fmt,
            color_space=MATRICES.get(space, "unknown"),
            color_range=RANGES.get(range_, "unknown"),
            color_primaries=PRIMARIES.get(primaries, "unknown"),
            color_transfer=TRANSFERS.get(transfer, "unknown"),
            rotation=orientation.degrees,
            sample_aspect_ratio=aspect,
            audio_codecs=tuple(map(codec_name, container.streams.audio)),
            subtitles=tuple(map(codec_name, container.streams.subtitles)),
            variable_frame_rate=index.variable,
            index=index,
            names_aspect=named is not None,
            chroma_siting=siting,
            field_order=fields,
            profile=context.profile,
            alpha=alpha,
            hdr=hdr,
            timecode=timecode_of(stream),
            disposition=int(stream.disposition),
            beside=beside,
            **stream_tags(stream),
        )


def _probe_images(path: Path, allow_gaps: bool) -> VideoInfo:
    from lgtsm.video.frame_folder import FrameFolder

    with FrameFolder(path, allow_gaps=allow_gaps) as folder:
        suffix = folder.files[0].suffix.lower().lstrip(".")
        return VideoInfo(
            path,
            folder.width,
            folder.height,
            len(folder),
            folder.fps,
            len(folder) / folder.fps,
            suffix,
            "rgb24",
            allow_gaps=allow_gaps,
        )
