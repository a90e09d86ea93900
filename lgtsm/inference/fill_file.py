"""Fill the hole in a video file or frame folder and write the result as another one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from lgtsm.inference.inpainter import Inpainter
from lgtsm.video.errors import VideoError
from lgtsm.video.mask_reader import read_mask
from lgtsm.video.probe import probe
from lgtsm.video.reader import open_video
from lgtsm.video.writer import VideoWriter


@dataclasses.dataclass(frozen=True)
class FillSummary:
    """What was done: frames of the video, their size in pixels, the share of pixels filled, and where the result is."""

    frames: int
    height: int
    width: int
    hole_share: float
    output: Path


def fill_file(
    inpainter: Inpainter,
    video_path: str | Path,
    mask_path: str | Path,
    output_path: str | Path,
    invert_mask: bool = False,
    resize_mask: bool = False,
    repeat_mask: bool = False,
    codec: str | None = None,
    crf: int = 16,
    lossless: bool = False,
    notice: Callable[[str], None] | None = None,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> FillSummary:
    """Fill a video file; the whole clip is held in memory.

    Frame count, size, timing, sound and subtitles are kept, and pixels outside the hole reach the encoder bit for bit.

    Args:
        inpainter: what fills.
        video_path: a video file or a folder of frames.
        mask_path: an image for all frames, a folder of images, or a video; white = remove.
        output_path: a video file, or a folder for PNG frames; it appears only when it is whole.
        invert_mask, resize_mask, repeat_mask: see `lgtsm.video.mask_reader.open_mask`.
        codec, crf, lossless: see `lgtsm.video.writer.VideoWriter`.
        notice: called with a sentence when something looks odd.
        progress: called as progress(stage, done, total), in frames; stages are "read", "fill" and "write".

    Raises:
        VideoError: the video, the mask or the place of the output cannot be used.
    """
    video_path, output_path = Path(video_path), Path(output_path)
    if output_path.resolve() == video_path.resolve():
        raise VideoError(f"The output must not be the input itself; both are {video_path}. Name another output.")
    info = probe(video_path)
    hole = read_mask(
        mask_path, info.frames, info.height, info.width, invert_mask, resize_mask, repeat_mask, notice
    )
    frames = np.empty((info.frames, info.height, info.width, 3), np.uint8)
    with open_video(video_path, "pyav") as reader:
        for t, frame in enumerate(reader):
            frames[t] = frame
            progress("read", t + 1, info.frames)
    # Opened before the long part, so that an output that cannot be written is found out at once.
    with VideoWriter(
        output_path, None, info.height, info.width, codec=codec, crf=crf, lossless=lossless, like=info, source_path=video_path
    ) as writer:
        progress("fill", 0, info.frames)
        filled = fill_bytes(inpainter, frames, hole)
        progress("fill", info.frames, info.frames)
        for t, frame in enumerate(filled):
            writer.write(frame)
            progress("write", t + 1, info.frames)
    return FillSummary(info.frames, info.height, info.width, float(hole.mean()), output_path)


def fill_bytes(inpainter: Inpainter, frames: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Fill 8-bit frames; those pixels that are known come back as they are.

    Args:
        inpainter: what fills.
        frames: uint8 (time, height, width, 3).
        hole: uint8 (time, height, width), 1 = missing.

    Returns:
        uint8 (time, height, width, 3).
    """
    video = torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255
    filled = inpainter.fill(video, torch.from_numpy(hole)[:, None].float())
    filled = (filled * 255).round().byte().permute(0, 2, 3, 1).numpy()
    return np.where(hole[..., None] > 0, filled, frames)
