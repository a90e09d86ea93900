"""How to write a video: one object from the command line to the encoder. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Encoding:
    """How to write a video file or a folder of images. The defaults suit most videos.

    codec: an FFmpeg encoder; of a folder, "png" or "jpg". None: libx264, or the one for the ending (libvpx-vp9 for
        .webm, gif for .gif); of a folder, png.
    crf: quality of libx264, libx265 and libvpx-vp9, 0 the best to 51 the worst.
    lossless: keep every bit: FFV1 in .mkv and .avi, H.264 RGB in .mp4 and .mov.
    sound, subtitles: copy them from the source, unchanged.
    pix_fmt: FFmpeg's name. None: the format of the source if the encoder has it, else yuv420p.
    key_frame_distance: at most so many frames from one key frame to the next, and cheap decoding, for random access in
        training (libx264, libx265 and libvpx-vp9). None leaves it to the encoder.
    """

    codec: str | None = None
    crf: int = 16
    lossless: bool = False
    sound: bool = True
    subtitles: bool = True
    pix_fmt: str | None = None
    key_frame_distance: int | None = None

    @property
    def copied(self) -> tuple[str, ...]:
        """Kinds of streams that are copied from the source, in FFmpeg's words."""
        return ("audio",) * self.sound + ("subtitle",) * self.subtitles
