"""How to write a video. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_CRF = 16


@dataclass(frozen=True)
class Encoding:
    """How to write a video file or a folder of images. The defaults suit most videos.

    codec: an FFmpeg encoder; "png" or "jpg" for a folder. None takes the source's codec where the container does, else
        one by the file name: libvpx-vp9 for .webm, gif for .gif, mpeg2video for .mpg, png for a folder, mostly
        libx264. A source with alpha then gets prores_ks in .mov, libvpx-vp9 in .mkv, ffv1 in .avi.
    crf: quality of libx264, libx265, libvpx-vp9 and libsvtav1, from 0 (best) to 51 (worst). None writes about as many
        bits as the source has (see `lgtsm.video.source_rate`), or `DEFAULT_CRF` where that means nothing.
    lossless: keep every bit of RGB: FFV1 in .mkv and .avi, H.264 in .mp4 and .mov. Codec ffv1 without it keeps every
        bit that the source stores.
    smart_copy: copy groups of pictures that do not change, without encoding them again, where that can be done.
    sound, subtitles: copy them unchanged from the source.
    pix_fmt: FFmpeg's name; the source's codec and rate then do not matter. None: the format of the source if the
        encoder has it, else the nearest one.
    key_frame_distance: most frames between key frames; also makes decoding cheap, for random access in training
        (libx264, libx265 and libvpx-vp9). None leaves it to the encoder.
    """

    codec: str | None = None
    crf: int | None = None
    lossless: bool = False
    smart_copy: bool = False
    sound: bool = True
    subtitles: bool = True
    pix_fmt: str | None = None
    key_frame_distance: int | None = None

    @property
    def copied(self) -> tuple[str, ...]:
        """The kinds of streams to copy from the source, in FFmpeg's words."""
        return ("audio",) * self.sound + ("subtitle",) * self.subtitles
